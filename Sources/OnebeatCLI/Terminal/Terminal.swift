import Foundation

// Terminal: how the command speaks to people. What a program reads (`--json`, plain pipes) carries no colour and no
// control characters; those appear only where a person looks on.

/// What is known of the place that output goes to.
struct Terminal: Sendable {
    /// Whether a person looks on.
    let isInteractive: Bool
    /// Whether to use colour.
    let hasColour: Bool
    /// How many columns a line has; `nil` where lines have no bound.
    let width: Int?

    static let output = Terminal(descriptor: STDOUT_FILENO)
    /// Standard output as it is at the moment: people make windows wider.
    static var now: Terminal { Terminal(descriptor: STDOUT_FILENO) }
    static let errors = Terminal(descriptor: STDERR_FILENO)

    init(isInteractive: Bool, hasColour: Bool, width: Int?) {
        self.isInteractive = isInteractive
        self.hasColour = hasColour
        self.width = width
    }

    private init(descriptor: Int32) {
        let environment = ProcessInfo.processInfo.environment
        isInteractive = isatty(descriptor) == 1
        // https://no-color.org: any value but an empty one switches colour off.
        let refuses = environment["NO_COLOR"]?.isEmpty == false || environment["TERM"] == "dumb"
        hasColour = isInteractive && !refuses
        var size = winsize()
        let isKnown = isInteractive && ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        width = isKnown ? Int(size.ws_col) : nil
    }
}

/// The few colours in use; each means one thing.
enum Colour: String, Sendable {
    /// It went well.
    case good = "32"
    /// It went badly.
    case bad = "31"
    /// It wants attention.
    case warning = "33"
    /// It goes on now.
    case active = "36"
    /// It is there for completeness.
    case quiet = "2"
    /// It is a title.
    case title = "1"
}
