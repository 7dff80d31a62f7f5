// A TCP proxy on loopback with the faults of bad networks: routes that let nothing through, and cut connections.
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Passes connections on to a port of this machine. */
export class TcpProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, port: number, sockets: Set<Socket>) {
    this.#server = server;
    this.port = port;
    this.#sockets = sockets;
  }

  static async to(port: number): Promise<TcpProxy> {
    const sockets = new Set<Socket>();
    const server = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on('error', () => socket.destroy());
        socket.on('close', () => sockets.delete(socket));
      }
      near.pipe(far);
      far.pipe(near);
    });
    await new Promise<void>((listening) => {
      server.listen(0, '127.0.0.1', listening);
    });
    const address = server.address();
    return new TcpProxy(server, typeof address === 'object' && address !== null ? address.port : 0, sockets);
  }

  /** The present connections stay open and let nothing through any more, in either direction; new ones work. */
  blackhole(): void {
    for (const socket of this.#sockets) {
      socket.unpipe();
      socket.pause();
    }
  }

  /** Cuts the present connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Cuts everything and listens no more. */
  close(): void {
    this.cut();
    this.#server.close();
  }
}
