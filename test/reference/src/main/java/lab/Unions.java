package lab;

import java.io.*;
import java.nio.ByteBuffer;
import java.nio.file.*;
import java.util.*;
import org.apache.paimon.shade.org.apache.datasketches.common.*;
import org.apache.paimon.shade.org.apache.datasketches.hll.HllSketch;
import org.apache.paimon.shade.org.apache.datasketches.hll.TgtHllType;
import org.apache.paimon.shade.org.apache.datasketches.theta.*;
import org.apache.paimon.shade.org.roaringbitmap.RoaringBitmap;
import org.apache.paimon.shade.org.roaringbitmap.longlong.Roaring64Bitmap;
import org.apache.paimon.utils.*;

/** Values of the aggregate functions hll_sketch, theta_sketch, rbm32 and rbm64, and what the reference makes of two of them. */
final class Unions {
    private final Random random;

    private Unions(long seed) { random = new Random(seed); }

    /** What becomes of the value `one` when `other` is added. */
    private static byte[] union(String kind, byte[] one, byte[] other) throws Exception {
        switch (kind) {
            case "hll_sketch": return HllSketchUtil.union(one, other);
            case "theta_sketch": return ThetaSketch.union(one, other);
            case "rbm32": {
                RoaringBitmap32 a = new RoaringBitmap32(), b = new RoaringBitmap32();
                a.deserialize(ByteBuffer.wrap(one));
                b.deserialize(ByteBuffer.wrap(other));
                a.or(b);
                return a.serialize();
            }
            default: {
                RoaringBitmap64 a = new RoaringBitmap64(), b = new RoaringBitmap64();
                a.deserialize(one);
                b.deserialize(other);
                a.or(b);
                return a.serialize();
            }
        }
    }

    /** A line for each pair of the file (hex, tab, hex): the union as hex, or ! and the exception. */
    static void ofPairs(String kind, Path pairs, PrintStream out) throws Exception {
        for (String line : Files.readAllLines(pairs)) {
            String[] p = line.split("\t", -1);
            try {
                out.println(Json.hex(union(kind, HexFormat.of().parseHex(p[0]), HexFormat.of().parseHex(p[1]))));
            } catch (Throwable e) {
                out.println("!" + e.toString().split("\n")[0]);
            }
        }
    }

    /** Random values of the kind, one a line, hex. */
    static void values(String kind, long seed, long count, PrintStream out) throws Exception {
        Unions unions = new Unions(seed);
        for (long i = 0; i < count; i++) out.println(Json.hex(unions.value(kind)));
    }

    private byte[] value(String kind) throws IOException {
        switch (kind) {
            case "hll_sketch": return hll();
            case "theta_sketch": return theta();
            case "rbm32": return bitmap();
            default: return bitmap64();
        }
    }

    /** So many that every form of a sketch of 2^lgK places occurs. */
    private int size(int lgK) {
        int k = 1 << lgK;
        int[] bounds = {1, 3, 9, 40, k / 8 + 2, k + 1, 3 * k, 20 * k};
        return random.nextInt(Math.min(bounds[random.nextInt(bounds.length)], 40_000));
    }

    private HllSketch hllOf(int lgK, TgtHllType type) {
        HllSketch sketch = new HllSketch(lgK, type);
        long base = random.nextInt(3) * 1000L;
        for (int left = size(lgK); left > 0; left--) sketch.update(base + left);
        return sketch;
    }

    private byte[] hll() {
        int lgK = random.nextInt(10) == 0 ? 15 + random.nextInt(3) : 4 + random.nextInt(10);
        TgtHllType type = TgtHllType.values()[random.nextInt(3)];
        HllSketch sketch = hllOf(lgK, type);
        if (random.nextInt(3) == 0) {
            org.apache.paimon.shade.org.apache.datasketches.hll.Union union = new org.apache.paimon.shade.org.apache.datasketches.hll.Union(lgK);
            union.update(sketch);
            union.update(hllOf(4 + random.nextInt(10), TgtHllType.values()[random.nextInt(3)]));
            sketch = union.getResult(type);
        }
        return random.nextBoolean() ? sketch.toCompactByteArray() : sketch.toUpdatableByteArray();
    }

    private UpdateSketch thetaOf() {
        int lgK = random.nextInt(4) == 0 ? 12 + random.nextInt(3) : 4 + random.nextInt(9);
        UpdateSketchBuilder builder = UpdateSketch.builder().setNominalEntries(1 << lgK);
        if (random.nextInt(6) == 0) builder.setP(0.5f);
        if (lgK >= 9 && random.nextInt(4) == 0) builder.setFamily(Family.ALPHA);
        UpdateSketch sketch = builder.build();
        long base = random.nextInt(3) * 1000L;
        for (int left = size(lgK); left > 0; left--) sketch.update(base + left);
        return sketch;
    }

    private byte[] theta() {
        UpdateSketch sketch = thetaOf();
        switch (random.nextInt(6)) {
            case 0: return sketch.toByteArray();
            case 1: return sketch.compact(false, null).toByteArray();
            case 2: return sketch.compact().toByteArrayCompressed();
            case 3: {
                org.apache.paimon.shade.org.apache.datasketches.theta.Union union = SetOperation.builder().setNominalEntries(1 << (4 + random.nextInt(9))).buildUnion();
                union.union(sketch);
                union.union(thetaOf());
                return union.getResult().toByteArray();
            }
            default: return sketch.compact().toByteArray();
        }
    }

    private byte[] bitmap() {
        RoaringBitmap bitmap = new RoaringBitmap();
        for (int left = random.nextInt(6); left > 0; left--) container(bitmap, random.nextInt(4) << 16);
        if (random.nextBoolean()) bitmap.runOptimize();
        ByteBuffer bytes = ByteBuffer.allocate(bitmap.serializedSizeInBytes());
        bitmap.serialize(bytes);
        return bytes.array();
    }

    private byte[] bitmap64() throws IOException {
        Roaring64Bitmap bitmap = new Roaring64Bitmap();
        long[] bases = {0, 1L << 16, 1L << 24, 1L << 32, 3L << 40, -1L << 16, Long.MIN_VALUE};
        for (int left = random.nextInt(5); left > 0; left--) {
            RoaringBitmap numbers = new RoaringBitmap();
            container(numbers, random.nextInt(3) << 16);
            long base = bases[random.nextInt(bases.length)] + ((long) random.nextInt(300) << 16);
            numbers.forEach((org.apache.paimon.shade.org.roaringbitmap.IntConsumer) n -> bitmap.addLong(base + n));
        }
        if (random.nextBoolean()) bitmap.runOptimize();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bitmap.serialize(new DataOutputStream(bytes));
        return bytes.toByteArray();
    }

    /** Numbers of one container: few, many, runs, nearly all, all. */
    private void container(RoaringBitmap bitmap, int base) {
        switch (random.nextInt(7)) {
            case 0: for (int left = random.nextInt(30); left > 0; left--) bitmap.add(base + random.nextInt(65536)); return;
            case 1: for (int left = random.nextInt(9000); left > 0; left--) bitmap.add(base + random.nextInt(65536)); return;
            case 2: for (int at = random.nextInt(3); at < 65536; at += 1 + random.nextInt(40)) bitmap.add(base + at); return;
            case 3: bitmap.add((long) base, base + 65536L); return;
            case 4: for (int at = random.nextInt(9); at < 65536; at += 2) bitmap.add(base + at); return;
            default: {
                int gap = 1 + random.nextInt(4000), length = 1 + random.nextInt(6000);
                for (int at = random.nextInt(20000); at < 65536; ) {
                    int end = Math.min(65536, at + 1 + random.nextInt(length));
                    bitmap.add(base + (long) at, base + (long) end);
                    at = end + 1 + random.nextInt(gap);
                }
            }
        }
    }
}
