// swift-tools-version: 6.1
import PackageDescription

/// What whoever has the library alone does not resolve.
let server = TargetDependencyCondition.when(traits: ["Server"])

let package = Package(
    name: "onebeat",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Onebeat", targets: ["Onebeat"]),
        .library(name: "OnebeatPostgres", targets: ["OnebeatPostgres"]),
        .library(name: "OnebeatRedis", targets: ["OnebeatRedis"]),
        .library(name: "OnebeatSQLite", targets: ["OnebeatSQLite"]),
        .library(name: "OnebeatTesting", targets: ["OnebeatTesting"]),
        .executable(name: "onebeat", targets: ["OnebeatCLI"]),
    ],
    traits: [
        .default(enabledTraits: ["Server"]),
        .trait(name: "Server", description: "The command and its pages. A program that has the library needs neither."),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
    ],
    targets: [
        .target(
            name: "Onebeat",
            dependencies: [
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        .target(
            name: "OnebeatSQLite",
            dependencies: ["Onebeat", .product(name: "GRDB", package: "GRDB.swift")]),
        .target(
            name: "OnebeatRedis",
            dependencies: [
                "Onebeat",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        .target(
            name: "OnebeatCelery",
            dependencies: ["Onebeat", "OnebeatRedis", .product(name: "Logging", package: "swift-log")]),
        .target(name: "CGuardian"),
        .target(name: "CLibpq", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        .target(name: "OnebeatPostgres", dependencies: ["Onebeat", "CLibpq"]),
        .target(
            name: "OnebeatServer",
            dependencies: [
                "Onebeat", "OnebeatCelery", "OnebeatRedis", "CGuardian",
                .product(name: "Crypto", package: "swift-crypto", condition: server),
                .product(name: "CryptoExtras", package: "swift-crypto", condition: server),
                .product(name: "HTTPTypes", package: "swift-http-types", condition: server),
                .product(name: "Hummingbird", package: "hummingbird", condition: server),
                .product(name: "HummingbirdCore", package: "hummingbird", condition: server),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio", condition: server),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams", condition: server),
            ],
            resources: [.embedInCode("API/openapi.yaml")]),
        .executableTarget(
            name: "OnebeatCLI",
            dependencies: [
                "Onebeat", "OnebeatCelery", "OnebeatPostgres", "OnebeatRedis", "OnebeatSQLite", "OnebeatServer",
                .product(name: "ArgumentParser", package: "swift-argument-parser", condition: server),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),
        .target(name: "OnebeatTesting", dependencies: ["Onebeat"]),
        .executableTarget(
            name: "LibraryExample",
            dependencies: [
                "Onebeat", "OnebeatSQLite",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Examples/library"),
        .testTarget(name: "OnebeatTests", dependencies: ["Onebeat", "OnebeatSQLite", "OnebeatTesting"]),
        .testTarget(
            name: "StoreTests",
            dependencies: [
                "Onebeat", "OnebeatPostgres", "OnebeatSQLite", "OnebeatTesting",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            exclude: ["Fixtures"]),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "CGuardian", "OnebeatServer", "OnebeatSQLite", "OnebeatTesting",
                .product(name: "AsyncHTTPClient", package: "async-http-client", condition: server),
                .product(name: "Hummingbird", package: "hummingbird", condition: server),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Yams", package: "Yams", condition: server),
            ]),
        .testTarget(
            name: "RedisTests",
            dependencies: [
                "Onebeat", "OnebeatRedis", "OnebeatSQLite", "OnebeatTesting",
                .product(name: "NIOCore", package: "swift-nio"),
            ]),
        .testTarget(
            name: "CeleryTests", dependencies: ["Onebeat", "OnebeatCelery", "OnebeatRedis", "OnebeatTesting"]),
        .testTarget(name: "CommandTests", dependencies: ["Onebeat", "OnebeatCLI", "OnebeatServer"]),
        .testTarget(name: "SimulationTests", dependencies: ["Onebeat", "OnebeatSQLite", "OnebeatTesting"]),
        .executableTarget(name: "ChaosSink", path: "Tests/ChaosSink"),
        .executableTarget(
            name: "onebeat-fuzz",
            dependencies: [
                "CGuardian", "Onebeat", "OnebeatCelery", "OnebeatPostgres", "OnebeatRedis", "OnebeatServer",
            ],
            path: "Tests/Fuzzer", exclude: ["Corpus"]),
        .testTarget(name: "FuzzTests", dependencies: ["onebeat-fuzz"]),
        .executableTarget(
            name: "CrashingProgram",
            dependencies: [
                "Onebeat", "OnebeatSQLite",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Tests/CrashingProgram"),
        .testTarget(
            name: "EndToEndTests", dependencies: ["Onebeat", "OnebeatTesting", "ChaosSink", "CrashingProgram"],
            exclude: ["Browser"]),
    ],
    swiftLanguageModes: [.v6]
)
