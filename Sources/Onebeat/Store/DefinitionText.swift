import Foundation

/// Definitions as the text that stores keep.
package enum DefinitionText {
    package static func encode(_ definition: JobDefinition) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(definition), as: UTF8.self)
    }

    package static func decode(_ text: String) throws -> JobDefinition {
        try JSONDecoder().decode(JobDefinition.self, from: Data(text.utf8))
    }
}
