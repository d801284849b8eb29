/// Finds what somebody may have meant by a name that does not exist.
enum NearestNames {
    /// At most three names, the likeliest first: those that hold the text, then those a few letters away.
    static func to(_ text: String, among names: [String]) -> [String] {
        let wanted = text.lowercased()
        let ranked = names.compactMap { name -> (rank: Int, name: String)? in
            let candidate = name.lowercased()
            if !wanted.isEmpty, candidate.contains(wanted) { return (0, name) }
            let distance = letters(between: wanted, and: candidate)
            return distance <= max(1, wanted.count / 3) ? (distance, name) : nil
        }
        return ranked.sorted { ($0.rank, $0.name) < ($1.rank, $1.name) }.prefix(3).map(\.name)
    }

    /// How many letters must be put in, taken out, changed or swapped with the next to make one text of the other.
    private static func letters(between a: String, and b: String) -> Int {
        let (a, b) = (Array(a), Array(b))
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var least = min(rows[i][j] + (a[i] == b[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, rows[i - 1][j - 1] + 1) }
                row.append(least)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
