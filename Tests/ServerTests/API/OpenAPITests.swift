import Foundation
import Testing
import Yams

@testable import OnebeatServer

/// Holds `docs/openapi.yaml` against what is answered.
@Suite(.timeLimit(.minutes(1))) struct OpenAPITests {
    @Test(arguments: [
        ("/jobs", "items", "Job"), ("/runs", "items", "Run"), ("/runs/1/attempts", "attempts", "Attempt"),
        ("/runs/1/logs", "pieces", "LogPiece"), ("/nodes", "nodes", "Node"), ("/events", "events", "Event"),
        ("/jobs/backup/next", "next", "Occurrence"),
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

    @Test func everyAddressIsDescribed() throws {
        let paths = try #require(try Self.document()["paths"] as? [String: Any])
        let listed = ReadAPI.addresses.map { $0.dropFirst("/api/v1".count).prefix { $0 != "?" } }
        #expect(Set(paths.keys) == Set(listed.map(String.init)))
    }

    private static func schema(_ name: String) throws -> (properties: Set<String>, required: Set<String>) {
        let components = try #require(try document()["components"] as? [String: Any])
        let schemas = try #require(components["schemas"] as? [String: [String: Any]])
        let schema = try #require(schemas[name])
        let properties = try #require(schema["properties"] as? [String: Any])
        return (Set(properties.keys), Set(schema["required"] as? [String] ?? []))
    }

    private static func document() throws -> [String: Any] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        let text = try String(contentsOf: root.appending(path: "docs/openapi.yaml"), encoding: .utf8)
        return try #require(try Yams.load(yaml: text) as? [String: Any])
    }
}
