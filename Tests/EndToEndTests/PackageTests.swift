import Foundation
import Testing

/// What a program that has the library makes its builder fetch.
@Suite(.timeLimit(.minutes(5)))
struct PackageTests {
    private static let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardized

    @Test func whoeverWantsTheLibraryOnSQLiteResolvesNoWebServer() async throws {
        try await Sandbox.with { box in
            try box.write(
                """
                // swift-tools-version: 6.1
                import PackageDescription
                let package = Package(
                    name: "shop", dependencies: [.package(name: "onebeat", path: "\(Self.root.path)", traits: [])],
                    targets: [
                        .executableTarget(name: "Shop", dependencies: [
                            .product(name: "Onebeat", package: "onebeat"),
                            .product(name: "OnebeatSQLite", package: "onebeat"),
                        ])
                    ])
                """, to: "Package.swift")
            try FileManager.default.createDirectory(
                atPath: box.path("Sources/Shop"), withIntermediateDirectories: true)
            try box.write("import Onebeat\n", to: "Sources/Shop/main.swift")
            let found = try await box.run(
                ["swift", "package", "show-dependencies", "--format", "flatlist"],
                environment: ProcessInfo.processInfo.environment, within: .seconds(240))
            #expect(found.code == 0, "\(found.errors)")
            let names = Set(found.output.split(separator: "\n").map(String.init))
            #expect(names.contains("grdb.swift"))
            #expect(
                names.isDisjoint(with: [
                    "hummingbird", "async-http-client", "swift-crypto", "swift-argument-parser", "yams",
                ]))
            #expect(names.count < 15, "\(names)")
        }
    }
}
