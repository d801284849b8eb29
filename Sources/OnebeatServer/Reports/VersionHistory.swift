import Onebeat

/// The versions of a job's definition, and what each changed.
package struct VersionHistory: Sendable {
    /// One version.
    package struct Line: Sendable {
        package var version: DefinitionVersion
        /// What differs from the version before it in the same generation; nothing for the first.
        package var changes: [PlanDiff.KeyChange]
    }

    /// The newest first.
    package let lines: [Line]

    /// - Parameters:
    ///   - newest: the newest first; one more than is to be shown, so that what the last one changed is known.
    ///   - limit: how many are shown.
    package init(_ newest: [DefinitionVersion], limit: Int) {
        lines = newest.prefix(limit).enumerated().map { index, version in
            let older = index + 1 < newest.count ? newest[index + 1] : nil
            let isOneLife = older.map { $0.version.generation == version.version.generation } ?? false
            let changes = older.flatMap {
                isOneLife ? PlanDiff.keys(from: $0.definition, to: version.definition) : nil
            }
            return Line(version: version, changes: changes ?? [])
        }
    }
}

extension JobVersion {
    /// As it is listed: `3`, or `2.3` for version 3 of the second generation.
    package var listed: String { generation == 1 ? "\(version)" : "\(generation).\(version)" }
}
