/// Finds what somebody may have meant by a zone name that does not exist.
enum ZoneNames {
    /// At most three names, the likeliest first; none when nothing is near.
    static func nearest(to name: String, among names: [String]) -> [String] {
        let wanted = name.lowercased()
        // A third of the letters wrong is still a slip of the pen; more is another name.
        let bound = max(1, wanted.count / 3)
        let ranked = names.compactMap { candidate -> (distance: Int, name: String)? in
            let whole = candidate.lowercased()
            let city = whole.split(separator: "/").last.map(String.init) ?? whole
            let distance = min(distance(wanted, whole), distance(wanted, city))
            return distance <= bound ? (distance, candidate) : nil
        }
        let best = ranked.map(\.distance).min() ?? 0
        return ranked.filter { $0.distance == best }.map(\.name).sorted { ($0.count, $0) < ($1.count, $1) }.prefix(3)
            .map { $0 }
    }

    /// How many letters must be put in, taken out or changed to make one text of the other.
    private static func distance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a.utf8), Array(b.utf8))
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
