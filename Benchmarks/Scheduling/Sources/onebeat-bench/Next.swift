import ArgumentParser
import Onebeat

/// The cost of one next fire, walking from each to the one after.
struct Next: ParsableCommand {
    @Argument var expression: String
    @Option var timezone = "Europe/Berlin"
    @Option var count = 200_000

    func run() throws {
        let schedule = try Schedule(.cron(expression, timezone: timezone), jobName: "bench")
        let start = Timestamp(seconds: 1_774_695_607)
        var best = Double.infinity
        for _ in 0..<5 {
            var moment = start
            let took = ContinuousClock().measure {
                for _ in 0..<count { moment = schedule.next(after: moment) ?? start }
            }
            best = min(best, took.inSeconds / Double(count))
        }
        report(["us_per_next": best * 1e6])
    }
}
