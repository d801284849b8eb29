// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "scheduling",
    dependencies: [
        .package(name: "onebeat", path: "../.."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    ],
    targets: [
        .executableTarget(
            name: "onebeat-bench",
            dependencies: [
                .product(name: "Onebeat", package: "onebeat"),
                .product(name: "OnebeatPostgres", package: "onebeat"),
                .product(name: "OnebeatRedis", package: "onebeat"),
                .product(name: "OnebeatSQLite", package: "onebeat"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ])
    ],
    swiftLanguageModes: [.v6]
)
