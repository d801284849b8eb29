import Foundation
import Onebeat

/// A silence that somebody asks for: of what, for how long, and why.
package struct SilenceWish: Sendable, Equatable {
    /// A name of jobs or alerts, or a pattern with `*`.
    package var pattern: String
    package var length: Duration
    package var reason: String

    /// - Throws: ``ActRefusal`` for what is none.
    package init(_ pattern: String, for length: Duration, because reason: String) throws(ActRefusal) {
        guard length >= .seconds(1), length <= .seconds(30 * 86_400) else {
            throw ActRefusal(.invalid, "a silence lasts from 1 s to 30 days; \(length.text) will not do")
        }
        let isFit = pattern.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } && (1...200).contains(pattern.utf8.count)
        guard isFit else {
            throw ActRefusal(.invalid, "the name has 1 to 200 characters, as those of jobs; * stands for any")
        }
        let words = reason.trimmingCharacters(in: .whitespacesAndNewlines)
        guard (1...500).contains(words.unicodeScalars.count), words.controlCharacter() == nil else {
            throw ActRefusal(.invalid, "the reason has 1 to 500 characters in one line")
        }
        self.pattern = pattern
        self.length = length
        self.reason = words
    }

    /// What is meant among the names there are: an entry of the file is not called as its jobs are.
    package func chosen(among names: [String]) -> String? {
        [pattern, "alerts/\(pattern)", "alerts/\(pattern)/*"].first { pattern in
            names.contains { NamePattern.fits($0, pattern) }
        }
    }
}

/// A silence that begins.
package struct Silenced: Sendable {
    package var silence: Silence
    /// How many names it covers now.
    package var count: Int

    package var words: String {
        "silence \(silence.id): nobody is told \(silence.pattern.hasPrefix("alerts/") ? "by" : "of") \(silence.pattern)"
            + " (\(count) now) until \(silence.until.words)"
    }
}

extension Acts {
    /// The pattern that a wish means among what is stored.
    /// - Throws: ``StoreError/notFound(_:)`` where nothing is called so.
    package func pattern(of wish: SilenceWish) async throws -> (chosen: String, count: Int) {
        let names = try await store.jobs().map(\.name)
        guard let chosen = wish.chosen(among: names) else {
            throw StoreError.notFound(
                "no job and no alert is called \"\(wish.pattern)\"; `onebeat jobs` lists them, and * stands for any"
                    + " characters")
        }
        return (chosen, names.count { NamePattern.fits($0, chosen) })
    }

    /// Begins a silence of what ``pattern(of:)`` found.
    package func silence(_ wish: SilenceWish, _ found: (chosen: String, count: Int)) async throws -> Silenced {
        let silence = try await store.silence(found.chosen, for: wish.length, because: wish.reason, by: actor)
        return Silenced(silence: silence, count: found.count)
    }

    /// Ends a silence now.
    /// - Returns: words on it.
    package func endSilence(_ id: Int64) async throws -> String {
        try await store.endSilence(id, by: actor)
        return "silence \(id) is over"
    }

    /// Notes that somebody has seen an incident.
    /// - Returns: words on it.
    package func acknowledge(_ id: Int64) async throws -> String {
        try await store.acknowledge(id, by: actor)
        let incident = try await store.incident(id)
        let words = "incident \(id) is acknowledged by \(actor)"
        guard incident.closedAt == nil else { return words }
        return "\(words): no channel tells of \(incident.job) \(incident.kind) again while it lasts"
    }
}

extension AlertStore {
    /// - Throws: ``StoreError/notFound(_:)``.
    func incident(_ id: Int64) async throws -> Incident {
        let found = try await incidents(openOnly: false, before: id.advanced, limit: 1).first
        guard let found, found.id == id else { throw StoreError.notFound("there is no incident \(id)") }
        return found
    }

    /// - Throws: ``StoreError/notFound(_:)``.
    func silence(_ id: Int64) async throws -> Silence {
        let found = try await silences(endingFrom: .distantPast, before: id.advanced, limit: 1).first
        guard let found, found.id == id else { throw StoreError.notFound("there is no silence \(id)") }
        return found
    }
}

extension Int64 {
    /// The number after it; none after the last.
    var advanced: Int64? { self == .max ? nil : self + 1 }
}

extension AlertStore where Self: JobStore {
    /// Those that hold, the newest first.
    package func silencesNow(limit: Int) async throws(StoreError) -> [Silence] {
        let now = try await now()
        return try await silences(endingFrom: now, limit: limit).filter { $0.holds(at: now) }
    }
}
