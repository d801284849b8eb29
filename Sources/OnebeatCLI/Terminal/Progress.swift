import ArgumentParser

/// A command that shows by itself that it is at work, or that may well be quiet for long.
protocol TellsOfItself: AsyncParsableCommand {}

extension Up: TellsOfItself {}
extension Once: TellsOfItself {}
extension Bury: TellsOfItself {}
extension Next: TellsOfItself {}
extension Logs: TellsOfItself {}
extension Trigger: TellsOfItself {}
extension Audit: TellsOfItself {}

/// Tells a person who waits longer than a second that the command is at work.
struct Progress {
    private let clock: Task<Void, any Error>

    /// Starts the clock.
    init() {
        clock = Task {
            for seconds in 1... {
                try await Task.sleep(for: .seconds(1))
                Output.passing("onebeat: at work for \(seconds)s")
            }
        }
    }

    /// Stops the clock.
    func end() {
        clock.cancel()
        Output.endPassing()
    }
}
