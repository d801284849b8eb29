import ArgumentParser
import Foundation
import Onebeat
import OnebeatServer

struct Top: TellsOfItself {
    static let configuration = CommandConfiguration(
        abstract: "Show the state of things, live; q ends it.",
        discussion:
            "What `onebeat status` says, and what runs. Without a terminal it is one picture, and the same exit codes.")
    @Option(help: "How long a picture stands, such as 5s; 1s at least.")
    var every = "2s"
    @OptionGroup var reader: ReaderOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard let length = Duration(text: every), length >= .seconds(1), length <= .seconds(3600) else {
            throw ValidationError("--every is \"\(every)\"; a length from 1s to 1h will do.")
        }
    }

    func run() async throws {
        let witness = try await server.witness(beside: store)
        let wall = try reader.clock()
        guard let screen = LiveScreen() else {
            let seen = try await StatusPicture.Seen.now(by: witness)
            let picture = StatusPicture(terminal: .output, clock: Clock(wall, now: seen.standing.now))
            for line in picture.lines(of: seen, height: 10_000) { Output.line(line) }
            if !seen.standing.isWell { throw CommandFailure.silent(.failed) }
            return
        }
        defer { screen.end() }
        let pause = Duration(text: every) ?? .seconds(2)
        var last: StatusPicture.Seen?
        while true {
            var trouble: TerminalText?
            do {
                last = try await StatusPicture.Seen.now(by: witness)
            } catch {
                let words = error is StoreError ? "the store does not answer: \(error)" : "\(error)"
                trouble = Terminal.output.paint("\(words)", .bad)
            }
            var lines: [TerminalText] = trouble.map { [$0] } ?? []
            if let last {
                let terminal = Terminal.now
                let picture = StatusPicture(terminal: terminal, clock: Clock(wall, now: last.standing.now))
                lines += picture.lines(of: last, height: screen.height - lines.count - 1)
            }
            screen.draw(lines)
            if await screen.isLeft(within: pause) { return }
        }
    }
}

/// A terminal that shows one picture after the other, and is as it was when that is over.
private final class LiveScreen {
    private var before = termios()

    /// - Returns: `nil` where there is no terminal to draw on and to be spoken to by.
    init?() {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1, tcgetattr(STDIN_FILENO, &before) == 0 else {
            return nil
        }
        var raw = before
        // Keys come as they are pressed, Ctrl-C among them: whoever leaves leaves the terminal as it was.
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        guard tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0 else { return nil }
        for number in [SIGTERM, SIGHUP] { signal(number) { LiveScreen.isAsked = $0 } }
        Output.bytes(Array("\u{1B}[?1049h\u{1B}[?25l".utf8))
    }

    // One word that a signal writes and one loop reads.
    nonisolated(unsafe) private static var isAsked: Int32 = 0

    /// How many lines there are.
    var height: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 2 else { return 24 }
        return Int(size.ws_row)
    }

    /// Draws over what was there, so that nothing flickers.
    func draw(_ lines: [TerminalText]) {
        let rows = lines.prefix(height - 1).map { "\($0.text)\u{1B}[K\r\n" }.joined()
        Output.bytes(Array("\u{1B}[H\(rows)\u{1B}[J".utf8))
    }

    /// Whether somebody asked to leave before the time was over: by q, Escape, Ctrl-C or Ctrl-D, or a signal. Another key
    /// ends the wait.
    func isLeft(within pause: Duration) async -> Bool {
        let end = ContinuousClock.now + pause
        while ContinuousClock.now < end {
            if Self.isAsked != 0 { return true }
            var ready = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            if poll(&ready, 1, 0) > 0 {
                var bytes = [UInt8](repeating: 0, count: 64)
                let count = read(STDIN_FILENO, &bytes, bytes.count)
                if count <= 0 { return true }
                return bytes.prefix(count).contains { [0x71, 0x51, 0x1b, 0x03, 0x04].contains($0) }
            }
            try? await Task.sleep(for: .milliseconds(100))
        }
        return false
    }

    func end() {
        Output.bytes(Array("\u{1B}[?25h\u{1B}[?1049l".utf8))
        tcsetattr(STDIN_FILENO, TCSANOW, &before)
    }
}
