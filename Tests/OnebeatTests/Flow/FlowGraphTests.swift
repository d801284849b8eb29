import Onebeat
import Testing

@Suite struct FlowGraphTests {
    @Test func followersComeAfterAllThatTheyFollow() throws {
        let graph = try FlowGraph(jobs("a: b:a c:a d:b,c e:d x:"))
        #expect(graph.followers(of: "a") == ["b", "c", "d", "e"])
        #expect(graph.roots == ["b": "a", "c": "a", "d": "a", "e": "a"])
        #expect(graph.followers(of: "x").isEmpty)
    }

    @Test(arguments: [
        ("a:a", "a → a"), ("a:b b:a", "a → b → a"), ("r: a:r,c b:a c:b", "a → b → c → a"),
        ("a:nobody", "no job \"nobody\""), ("a:Load load:", "did you mean \"load\"?"),
        ("x: y: a:x b:y c:a,b", "x → a → c and y → b → c"),
    ]) func whatCannotBeIsDrawn(_ text: String, _ words: String) {
        #expect { try FlowGraph(jobs(text)) } throws: { error in "\(error)".contains(words) }
    }

    @Test func aJobBelowACircleIsToldOfTheCircle() {
        #expect {
            try FlowGraph(jobs("a:c b:c c:b"))
        } throws: {
            "\($0)".contains("b → c") && "\($0)".contains("c → b")
        }
    }

    @Test func longChainsAndWideFansAreDrawn() throws {
        let chain = (1...2000).map { "j\($0):j\($0 - 1)" }.joined(separator: " ") + " j0:"
        #expect(try FlowGraph(jobs(chain)).followers(of: "j0").last == "j2000")
        let fan = (1...1000).map { "j\($0):j0" }.joined(separator: " ") + " j0:"
        #expect(try FlowGraph(jobs(fan)).followers(of: "j0").count == 1000)
    }

    /// `b:a,c` is a job that follows two.
    private func jobs(_ text: String) -> [JobDefinition] {
        text.split(separator: " ").map { word in
            let parts = word.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            let parents = parts[1].split(separator: ",").map(String.init)
            return JobDefinition(
                name: parts[0], schedule: parents.isEmpty ? .manual : ScheduleDefinition(.after(parents)),
                work: .handler)
        }
    }
}
