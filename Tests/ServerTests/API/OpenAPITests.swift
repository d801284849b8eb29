import Foundation
import Onebeat
import Testing
import Yams

@testable import OnebeatServer

/// Holds `docs/openapi.yaml` against what is answered.
@Suite(.timeLimit(.minutes(1))) struct OpenAPITests {
    @Test(arguments: [
        ("/jobs", "items", "Job"), ("/runs", "items", "Run"), ("/runs/1/attempts", "attempts", "Attempt"),
        ("/runs/1/logs", "pieces", "LogPiece"), ("/nodes", "nodes", "Node"), ("/events", "events", "Event"),
        ("/jobs/backup/next", "next", "Occurrence"), ("/jobs/backup/versions", "versions", "Version"),
    ])
    func answersHaveTheKeysThatAreDescribed(path: String, list: String, schema: String) async throws {
        let described = try Self.schema(schema)
        try await WebFixture.serving { web in
            let answer = try await web.get("/api/v1" + path).object()
            let items = try #require(answer[list] as? [[String: Any]])
            #expect(!items.isEmpty)
            for item in items {
                #expect(Set(item.keys).isSubset(of: described.properties))
                #expect(described.required.isSubset(of: item.keys))
            }
        }
    }

    @Test(arguments: [
        ("/jobs/backup", "Job"), ("/runs/1", "Run"), ("/jobs/backup/explain", "Explanation"),
        ("/runs/1/explain", "Explanation"), ("/flows/3", "Flow"), ("/next?expression=0%203%20*%20*%20*", "Trial"),
        ("/calendar", "Calendar"), ("/configuration?source=file:/etc/onebeat.yaml", "Source"),
    ])
    func oneThingHasTheKeysThatAreDescribed(path: String, schema: String) async throws {
        let described = try Self.schema(schema)
        try await WebFixture.serving { web in
            var follower = JobDefinition(name: "follower", schedule: .manual, work: .handler)
            follower.schedule = ScheduleDefinition(.after(["root"]))
            let root = JobDefinition(name: "root", schedule: .manual, work: .handler)
            try await web.store.apply(
                [root, follower], source: "file:/more", isComplete: false, by: "test", schedules: ScheduleCache())
            _ = try await web.store.trigger("root", requestID: "1", by: "test")
            let answer = try await web.get("/api/v1" + path).object()
            #expect(Set(answer.keys).isSubset(of: described.properties))
            #expect(described.required.isSubset(of: answer.keys))
        }
    }

    @Test(arguments: [
        ("/configuration/validate", "FileCheck"), ("/configuration/plan", "Plan"), ("/configuration/apply", "Applied"),
    ])
    func whatComesOfAFileHasTheKeysThatAreDescribed(path: String, schema: String) async throws {
        let described = try Self.schema(schema)
        try await WebFixture.serving { web in
            let file = "source: shop\njobs: {a: {run: 'true'}, b: {cron: '0 3 31 * *', run: 'true'}}"
            let answer = try await web.post("/api/v1" + path, file, ["Content-Type": "application/yaml"]).object()
            #expect(Set(answer.keys).isSubset(of: described.properties))
            #expect(described.required.isSubset(of: answer.keys))
        }
    }

    @Test func whatIsFoundAndWhoMayHaveTheKeysThatAreDescribed() async throws {
        try await WebFixture.serving { web in
            func holds(_ object: [String: Any]?, _ schema: String) throws {
                let described = try Self.schema(schema)
                let object = try #require(object)
                #expect(Set(object.keys).isSubset(of: described.properties), "\(schema)")
                #expect(described.required.isSubset(of: object.keys), "\(schema)")
            }
            _ = try await web.store.add(WebUser(name: "ann", role: .admin, password: "none"), by: "test")
            _ = try await web.store.add(
                WebToken(name: "ci", digest: "d", role: .viewer, expiresAt: web.time.now()), by: "test")
            for (path, schema) in [("/users", "User"), ("/tokens", "Token")] {
                try holds((try await web.get("/api/v1" + path).object()["items"] as? [[String: Any]])?.first, schema)
            }
            let doctor = try await web.get("/api/v1/doctor").object()
            for finding in try #require(doctor["findings"] as? [[String: Any]]) { try holds(finding, "Finding") }
            // Nobody plans: what falls due is a fault.
            web.time.advance(by: .seconds(7200))
            let audit = try await web.get("/api/v1/audit").object()
            try holds(audit["summary"] as? [String: Any], "AuditSummary")
            try holds((audit["items"] as? [[String: Any]])?.first, "Fault")
        }
    }

    @Test func theStandingHasTheKeysThatAreDescribed() async throws {
        let components = try #require(try Self.document()["components"] as? [String: [String: [String: Any]]])
        let content = try #require(components["responses"]?["Status"]?["content"] as? [String: [String: [String: Any]]])
        let schema = try #require(content["application/json"]?["schema"])
        let properties = Set(try #require(schema["properties"] as? [String: Any]).keys)
        let required = Set(schema["required"] as? [String] ?? [])
        try await WebFixture.serving { web in
            let answer = try await web.get("/api/v1/status").object()
            #expect(Set(answer.keys).isSubset(of: properties))
            #expect(required.isSubset(of: answer.keys))
        }
    }

    @Test func everyRouteOfTheTableIsDescribedAndEveryOtherWayRound() throws {
        let paths = try #require(try Self.document()["paths"] as? [String: [String: Any]])
        let described = paths.flatMap { path, methods in methods.keys.map { "\($0.uppercased()) \(path)" } }
        let routes = Route.api.map {
            "\($0.method.rawValue) \($0.path == "/api/v1" ? "/" : $0.path.replacing("/api/v1", with: ""))"
        }
        #expect(Set(described) == Set(routes))
    }

    @Test func everyParameterOfTheTableIsDescribed() throws {
        let document = try Self.document()
        let paths = try #require(document["paths"] as? [String: [String: [String: Any]]])
        let components = try #require(document["components"] as? [String: [String: [String: Any]]])
        for route in Route.api {
            let path = route.path == "/api/v1" ? "/" : route.path.replacing("/api/v1", with: "")
            let method = paths[path]?[route.method.rawValue.lowercased()]
            let parameters = (method?["parameters"] as? [[String: Any]] ?? []).map { parameter in
                let name = (parameter["$ref"] as? String)?.split(separator: "/").last.map(String.init)
                return name.flatMap { components["parameters"]?[$0] } ?? parameter
            }
            let names = parameters.filter { $0["in"] as? String == "query" }.compactMap { $0["name"] as? String }
            #expect(Set(names) == Set(route.query), "\(route.path)")
        }
    }

    @Test func theDescriptionIsServed() async throws {
        let text = try String(contentsOf: Self.file, encoding: .utf8)
        try await WebFixture.serving { web in
            let answer = try await web.get("/api/v1/openapi.yaml")
            #expect(answer.headers["content-type"] == "application/yaml; charset=utf-8")
            #expect(answer.body == text)
            let json = try await web.get("/api/v1/openapi.json")
            #expect(json.headers["content-type"] == "application/json; charset=utf-8")
            #expect(NSDictionary(dictionary: try json.object()).isEqual(to: try Self.document()))
        }
    }

    @Test(arguments: [("/jobs/backup/trigger", 201), ("/jobs/backup/pause", 200), ("/runs/1/retry", 201)])
    func deedsHaveTheKeysThatAreDescribed(path: String, status: Int) async throws {
        let (deed, run) = (try Self.schema("Deed"), try Self.schema("Run"))
        try await WebFixture.serving { web in
            let answer = try await web.get("/api/v1" + path, method: "POST")
            #expect(answer.status == status)
            let object = try answer.object()
            #expect(Set(object.keys).isSubset(of: deed.properties) && deed.required.isSubset(of: object.keys))
            if let keys = (object["run"] as? [String: Any])?.keys {
                #expect(Set(keys).isSubset(of: run.properties) && run.required.isSubset(of: keys))
            }
        }
    }

    @Test func everyWordThereIsIsDescribed() throws {
        let components = try #require(try Self.document()["components"] as? [String: [String: [String: Any]]])
        let schemas = try #require(components["schemas"])
        func words(_ name: String, _ property: String? = nil) -> Set<String> {
            let schema =
                property.flatMap { (schemas[name]?["properties"] as? [String: [String: Any]])?[$0] } ?? schemas[name]
            return Set(schema?["enum"] as? [String] ?? [])
        }
        #expect(words("RunState") == Set(RunState.allCases.map(\.rawValue)))
        #expect(words("Health", "state") == Set(JobHealth.State.allCases.map(\.rawValue)))
        #expect(words("Fault", "fault") == Set(AuditFault.Kind.allCases.map(\.rawValue)))
        #expect(words("Role") == Set(Role.allCases.map(\.rawValue)))
    }

    private static func schema(_ name: String) throws -> (properties: Set<String>, required: Set<String>) {
        let components = try #require(try document()["components"] as? [String: Any])
        let schemas = try #require(components["schemas"] as? [String: [String: Any]])
        let schema = try #require(schemas[name])
        let properties = try #require(schema["properties"] as? [String: Any])
        return (Set(properties.keys), Set(schema["required"] as? [String] ?? []))
    }

    private static var file: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../../docs/openapi.yaml")
    }

    private static func document() throws -> [String: Any] {
        let text = try String(contentsOf: file, encoding: .utf8)
        return try #require(try Yams.load(yaml: text) as? [String: Any])
    }
}
