/// The names of a zone database, made ready once to find what somebody may have meant by one that does not exist: a file may
/// have tens of thousands of those.
struct ZoneNames {
    private struct Candidate {
        var name: String
        /// In small letters: all of it, and what comes after its last slash.
        var forms: [[UInt8]]
    }

    private let candidates: [Candidate]

    init(_ names: [String]) {
        candidates = names.map { name in
            let whole = name.lowercased()
            let city = whole.split(separator: "/").last.map(String.init) ?? whole
            return Candidate(name: name, forms: (city == whole ? [whole] : [whole, city]).map { Array($0.utf8) })
        }
    }

    var isEmpty: Bool { candidates.isEmpty }

    /// At most three names, the likeliest first; none when nothing is near.
    func nearest(to name: String) -> [String] {
        let wanted = Array(name.lowercased().utf8)
        // A third of the letters wrong is still a slip of the pen; more is another name.
        var bound = max(1, wanted.count / 3)
        var found: [String] = []
        for candidate in candidates {
            for form in candidate.forms where abs(form.count - wanted.count) <= bound {
                let distance = Self.distance(wanted, form)
                if distance < bound { found = [] }
                guard distance <= bound else { continue }
                bound = distance
                if found.last != candidate.name { found.append(candidate.name) }
            }
        }
        return found.sorted { ($0.count, $0) < ($1.count, $1) }.prefix(3).map { $0 }
    }

    /// How many letters must be put in, taken out or changed to make one text of the other.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var row = Array(0...b.count)
        for i in a.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let change = diagonal + (a[i] == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(change, row[j] + 1, diagonal + 1)
            }
        }
        return row[b.count]
    }
}
