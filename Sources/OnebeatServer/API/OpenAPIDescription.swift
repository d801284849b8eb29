import Foundation
import Yams

/// The description of the API, for those who read JSON only. It is written as YAML.
enum OpenAPIDescription {
    static var json: [UInt8] {
        get throws { try made.get() }
    }

    private static let made: Result<[UInt8], any Error> = Result {
        let document = try Yams.load(yaml: String(decoding: PackageResources.openapi_yaml, as: UTF8.self))
        return Array(
            try JSONSerialization.data(
                withJSONObject: document ?? [:], options: [.sortedKeys, .withoutEscapingSlashes]))
    }
}
