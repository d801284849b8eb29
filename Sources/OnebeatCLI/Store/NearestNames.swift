import OnebeatServer

/// Finds what somebody may have meant by a name that does not exist.
enum NearestNames {
    /// At most three names, the likeliest first: those that hold the text, then those a few letters away.
    static func to(_ text: String, among names: [String]) -> [String] {
        let wanted = text.lowercased()
        let ranked = names.compactMap { name -> (rank: Int, name: String)? in
            let candidate = name.lowercased()
            if !wanted.isEmpty, candidate.contains(wanted) { return (0, name) }
            let distance = Spelling.slips(from: wanted, to: candidate)
            return distance <= max(1, wanted.count / 3) ? (distance, name) : nil
        }
        return ranked.sorted { ($0.rank, $0.name) < ($1.rank, $1.name) }.prefix(3).map(\.name)
    }
}
