import Crypto
import HTTPTypes
import Hummingbird

/// What tells one state of an answer from another (RFC 9110): `"1.3.on-5f2c…"`.
///
/// Of a job it has two halves. The first changes with what people change, its definition and its pause, and an edit is held
/// against that half alone: a run that ended meanwhile stands against nothing. The second changes with all that is told.
/// Of everything else there is the second half only.
struct EntityTag: Sendable, Equatable {
    /// What an edit is held against, where that is not all of the answer.
    var edit: String?
    private var digest: String

    init(of body: [UInt8], edit: String? = nil) {
        self.edit = edit
        digest = SHA256.hash(data: body).prefix(12).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// As it stands in a header.
    var text: String { "\"\(edit.map { "\($0)-" } ?? "")\(digest)\"" }

    /// The tags that a condition names.
    struct List: Sendable, Equatable {
        /// `*`: whatever there is.
        var isAny = false
        /// Each as it stands in the header; weak ones begin with `W/`.
        var tags: [String] = []

        /// What a request says that is to be changed only where it is still so; `nil` where it says nothing.
        /// - Throws: ``Problem`` for what is no list of tags.
        init?(ifMatch request: Request) throws {
            let wanted = request.headers[values: .ifMatch]
            guard !wanted.isEmpty else { return nil }
            guard let list = Self(wanted) else {
                throw Problem(
                    .preconditionFailed,
                    "If-Match is \(wanted.joined(separator: ", ")), which is no ETag; send it as it came, with its quotes"
                )
            }
            self = list
        }

        /// - Returns: `nil` for what is no list of tags.
        init?(_ headers: [String]) {
            if headers == ["*"] {
                isAny = true
                return
            }
            // Ours hold no comma, so that whoever sends one with a comma in it sends none of ours.
            for part in headers.joined(separator: ",").split(separator: ",", omittingEmptySubsequences: false) {
                let tag = String(part).trimming(" \t")
                guard tag.wholeMatch(of: Self.form) != nil else { return nil }
                tags.append(tag)
            }
        }

        private static var form: Regex<Substring> { /(?:W\/)?"[\x21\x23-\x2b\x2d-\x7e]*"/ }

        /// Whether somebody who has one of these has this answer.
        func holds(_ tag: String) -> Bool {
            isAny || tags.contains { $0 == tag || $0 == "W/\(tag)" }
        }

        /// Whether an edit that goes by one of these goes by what is so now.
        func allows(_ tag: EntityTag) -> Bool {
            guard !isAny else { return true }
            guard let edit = tag.edit else { return tags.contains(tag.text) }
            return tags.contains { $0.hasPrefix("\"\(edit)-") }
        }
    }
}
