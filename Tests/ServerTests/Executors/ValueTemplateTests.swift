import Onebeat
import Testing

@testable import OnebeatServer

@Suite struct ValueTemplateTests {
    private func fill(_ text: String, _ place: ValueTemplate.Place) throws -> String {
        let template = ValueTemplate(
            parents: ["extract", "extract.all", "other"],
            input: [
                "extract": try RunValue(
                    json: Array(#"{"n": 3, "s": "a \"b\" &\r\n/ü", "l": ["x", {"y": null}], "${A}": 1}"#.utf8)),
                "extract.all": try RunValue(json: Array(#""${A}""#.utf8)),
            ])
        return try template.fill(text, for: place) { text throws(EnvironmentExpansion.Failure) in
            try EnvironmentExpansion.expand(text, environment: ["A": "secret"])
        }
    }

    @Test(arguments: [
        ("n={{extract.n}}", ValueTemplate.Place.plain, "n=3"),
        ("{{ extract.s }}", .address, "a%20%22b%22%20%26%0D%0A%2F%C3%BC"),
        ("{{ extract.s }}", .form, "a%20%22b%22%20%26%0D%0A%2F%C3%BC"),
        ("{{ extract.s }}", .header, "a \"b\" &%0D%0A/ü"),
        (#"{"a": {{ extract.s }}}"#, .json, #"{"a": "a \"b\" &\r\n/ü"}"#),
        (#"{"a": "say {{ extract.s }}!"}"#, .json, #"{"a": "say a \"b\" &\r\n/ü!"}"#),
        (#"{"\"": {{ extract.n }}}"#, .json, #"{"\"": 3}"#),
        (#"{"a": "{{ extract.l }}"}"#, .json, #"{"a": "[\"x\", {\"y\": null}]"}"#),
        ("{{ extract.l.0 }} {{extract.l.1}}", .plain, #"x {"y": null}"#),
        ("<{{ extract.l.1.y }}>", .plain, "<>"),
        ("{{ extract.l.1.y }}", .json, "null"),
        // The longest name counts; and no variable is looked for in what others wrote.
        ("{{ extract.all }} ${A}", .plain, "${A} secret"),
        ("} { }} {a}", .plain, "} { }} {a}"),
    ])
    func aValueIsMadeHarmlessForWhereItStands(_ text: String, _ place: ValueTemplate.Place, _ filled: String) throws {
        #expect(try fill(text, place) == filled)
    }

    @Test(arguments: [
        ("{{ extract.x }}", "there is no \"x\" in it"), ("{{ extract.l.2 }}", "there is no \"2\" in it"),
        ("{{ extract.l.-1 }}", "there is no \"-1\" in it"), ("{{ extract.n.a }}", "there is no \"a\" in it"),
        ("{{ other.a }}", "other handed on nothing"), ("{{ nobody.a }}", "no such job"), ("{{ extract.n", "has no }}"),
        ("{{ }}", "names no job"),
    ])
    func whatIsNotThereIsSaid(_ text: String, _ words: String) throws {
        let problem = #expect(throws: ValueTemplate.Problem.self) { _ = try fill(text, .plain) }
        #expect(problem?.description.contains(words) == true)
    }

    @Test func aFileSaysWhoseValuesItPutsWhere() throws {
        let call = #"http: {url: "https://x/{{ b.id }}", headers: {X-A: "{{ b.a }}"}, body: "{{ b }}", output: body}"#
        guard
            case .http(let read) = try parseFile("jobs:\n  b: {run: x}\n  a:\n    after: b\n    \(call)\n").jobs[1].work
        else {
            Issue.record("it is no call")
            return
        }
        #expect(read.handsOnBody)
        #expect(read.url == "https://x/{{ b.id }}")
        let strange = call.replacing("b.a", with: "c.a")
        let problems = fileProblems("jobs:\n  b: {run: x}\n  a:\n    after: b\n    \(strange)\n")
        #expect(problems.count == 1 && problems[0].contains("{{ c.a }} is no value of a job that this one follows: b"))
        #expect(jobProblems(#"http: {url: "https://x/{{ b.id }}"}"#)[0].contains("and it follows none"))
        #expect(jobProblems("http: {url: \"https://x/\", output: head}")[0].contains("body is all"))
        #expect(jobProblems("run: x", "secret: [env]")[0].contains("output can be secret"))
        #expect(try parseJob("run: x", "secret: output").hasSecretOutput)
    }

    @Test(arguments: [
        ("{{ extract.n }}", JSONValue.int(3)), ("{{ extract.l }}", .array(["x", .object(["y": .null])])),
        ("{{extract.l.1.y}}", .null), ("n={{ extract.n }}", "n=3"), (" {{ extract.n }}", " 3"), ("${A}", "secret"),
        ("{{ extract.l.0 }}{{ extract.n }}", "x3"), ("{{ extract.all }}", "${A}"), ("", ""),
    ])
    func aTaskIsGivenAValueAsItIs(_ text: String, _ value: JSONValue) throws {
        let template = ValueTemplate(
            parents: ["extract", "extract.all"],
            input: [
                "extract": try RunValue(json: Array(#"{"n": 3, "l": ["x", {"y": null}]}"#.utf8)),
                "extract.all": try RunValue(json: Array(#""${A}""#.utf8)),
            ])
        let found = try template.value(of: text) { text throws(EnvironmentExpansion.Failure) in
            try EnvironmentExpansion.expand(text, environment: ["A": "secret"])
        }
        #expect(found == value)
    }

    @Test func aFileSaysWhoseValuesATaskIsGiven() throws {
        let head = "celery: {broker: redis://cache/0}\njobs:\n  b: {run: x}\n"
        let call = #"celery: {task: t, args: ["{{ b.id }}"], kwargs: {deep: [{k: "{{ c.a }}"}]}}"#
        let error = #expect(throws: ConfigurationError.self) {
            try parseFile("\(head)  a:\n    after: b\n    \(call)\n")
        }
        #expect(error?.problems.count == 1)
        #expect(
            error?.problems.first?.description.contains(
                "celery.kwargs: {{ c.a }} is no value of a job that this one follows: b") == true,
            "\(String(describing: error))")
        _ = try parseFile("\(head)  a: {\(call)}\n")
    }

    @Test func aTaskOfAnElementIsGivenIt() throws {
        let job = #"a: {after: b, each: b.l, celery: {task: t, args: ["{{ each.value }}", "{{ b.n }} ${A}"]}}"#
        let file = try parseFile("celery: {broker: redis://cache/0}\njobs:\n  b: {run: x}\n  \(job)\n")
        let definition = try #require(file.jobs.first { $0.name == "a" })
        var claim = Claim(
            run: Run(
                id: RunID(1), version: JobVersion(job: "a", generation: 1, version: 1), scheduledAt: .distantPast,
                dueAt: .distantPast), definition: definition)
        claim.input = [
            "b": try RunValue(json: Array(#"{"n": 3, "l": [[1]]}"#.utf8)),
            "each": try RunValue(json: Array(#"{"index": 0, "value": [1]}"#.utf8)),
        ]
        func value(_ text: String) throws -> JSONValue {
            try TaskArgument.value(of: text, for: claim, environment: ["A": "x"])
        }
        #expect(try value("{{ each.value }}") == .array([.int(1)]))
        #expect(try value("{{ b.n }} ${A}") == "3 x")
    }
}
