import Testing

@testable import Onebeat

struct StepWarningTests {
    @Test(arguments: [
        ("*/90 * * * *", "first minute alone", "every: 90m"), ("*/120 * * * *", "first minute", "every: 2h"),
        ("0 */36 * * *", "first hour", "every: 36h"), ("0 0 */40 * *", "first day of month", ""),
        ("*/90 * * * * *", "first second", "every: 90s"), ("0,*/60 * * * *", "first minute", "every: 1h"),
    ])
    func aStepBeyondItsFieldIsSaid(_ text: String, _ words: String, _ advice: String) throws {
        let warnings = StepWarning.all(in: text)
        #expect(warnings.count == 1 && warnings[0].contains(words), "\(warnings)")
        #expect(advice.isEmpty || warnings[0].contains(advice), "\(warnings)")
    }

    @Test(arguments: ["*/59 * * * *", "*/5 */2 * * *", "@daily", "0 3 * * mon-fri", "", "* * *", "0/90 * * * *"])
    func whatReadsAsItDoesIsNotSpokenOf(_ text: String) { #expect(StepWarning.all(in: text) == []) }
}
