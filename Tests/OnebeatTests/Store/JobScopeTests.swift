import Onebeat
import Testing

@Suite struct JobScopeTests {
    @Test(arguments: [
        ([], "anything", true), (["shop-*"], "shop-backup", true), (["shop-*"], "shop", false), (["*"], "", true),
        (["a", "b"], "b", true), (["a"], "A", false), (["*/ping"], "team/x/ping", true), (["a*b*c"], "aXbYbZc", true),
        (["a*b*c"], "aXbYbZ", false), (["日*"], "日报", true), (["caf\u{e9}"], "cafe\u{301}", true),
        (["a?c"], "abc", false),
        (["[a-z]"], "a", false), (["**a**"], "xax", true),
    ])
    func aJobIsInIt(patterns: [String], job: String, isIn: Bool) throws {
        #expect(try JobScope(patterns).covers(job) == isIn)
    }

    @Test(arguments: [[""], ["a\nb"], [String(repeating: "a", count: 201)], Array(repeating: "a", count: 51)])
    func whatFitsNoNameIsRefused(patterns: [String]) {
        #expect(throws: ScopeError.self) { try JobScope(patterns) }
    }

    @Test(.timeLimit(.minutes(1))) func noPatternTakesLong() throws {
        let pattern = String(repeating: "a*", count: 99)
        #expect(try !JobScope([pattern + "z"]).covers(String(repeating: "a", count: 10_000)))
    }

    @Test func rolesAreOrdered() {
        #expect(Role.viewer < .operator && Role.operator < .admin && !(Role.admin < .admin))
    }
}
