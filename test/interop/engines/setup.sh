#!/usr/bin/env bash
# setup.sh flink|spark…: engines of one version with their Paimon connectors and our servers for them, under .installed/,
# once for each content of this folder. Needs JDK 17, Maven and Python's pip; the engines' jars come in their Python packages.
set -euo pipefail
cd "$(dirname "$0")"

if (($# > 1)); then
  jobs=()
  for engine in "$@"; do
    ./setup.sh "$engine" &
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job"; done
  exit
fi

engine=$1
case $engine in
  flink)
    package=apache-flink-libraries==2.0.1 jars='*/deps/lib/*.jar' server=FlinkServer
    artifacts=(org.apache.paimon:paimon-flink-2.0:2.0.0
      org.apache.hadoop:hadoop-client-api:3.4.1 org.apache.hadoop:hadoop-client-runtime:3.4.1)
    ;;
  spark)
    package=pyspark==3.5.9 jars='*/deps/jars/*.jar' server=SparkServer
    artifacts=(org.apache.paimon:paimon-spark-3.5:0.9.0)
    ;;
  *)
    echo "no such engine: $engine" >&2
    exit 2
    ;;
esac

home=.installed/$engine
mkdir -p "$home"
exec 9> "$home/.lock"
if command -v flock > /dev/null; then flock 9; fi

install_jars() {
  local wanted="$package ${artifacts[*]}"
  if [ "$(cat "$home/.jars" 2> /dev/null)" = "$wanted" ]; then return; fi
  rm -rf "$home/jars" "$home/package"
  mkdir -p "$home/jars" "$home/package"
  python3 -m pip --quiet --disable-pip-version-check --no-input download --no-deps --no-binary :all: \
    --dest "$home/package" "$package"
  tar -xzf "$home"/package/*.tar.gz -C "$home/jars" --strip-components=3 --wildcards "$jars"
  rm -rf "$home/package"
  copy_artifacts
  echo "$wanted" > "$home/.jars"
}

# One Maven at a time: they share a repository. No walk over parent POMs: not every registry serves them.
copy_artifacts() (
  exec 8> .installed/.maven
  if command -v flock > /dev/null; then flock 8; fi
  for artifact in "${artifacts[@]}"; do
    mvn -B -q dependency:get -Dtransitive=false -Dartifact="$artifact"
    mvn -B -q dependency:copy -Dartifact="$artifact" -DoutputDirectory="$home/jars"
  done
)

compile_server() {
  local stamp
  stamp=$(cat "$home/.jars" java/*.java | cksum)
  if [ "$(cat "$home/.classes" 2> /dev/null)" = "$stamp" ]; then return; fi
  rm -rf "$home/classes"
  mkdir -p "$home/classes"
  javac -nowarn -cp "$home/jars/*" -d "$home/classes" java/LineServer.java java/JsonValues.java "java/$server.java"
  echo "$stamp" > "$home/.classes"
}

install_jars
compile_server
