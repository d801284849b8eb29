/// Gives each name out once, with a number behind it where it is taken.
struct UniqueNames {
    private var taken: Set<String> = []
    /// The number that a name comes to next: thousands of lines may run the same program.
    private var next: [String: Int] = [:]

    mutating func take(_ name: String) -> String {
        if taken.insert(name).inserted { return name }
        var number = next[name, default: 2]
        while !taken.insert("\(name)-\(number)").inserted { number += 1 }
        next[name] = number + 1
        return "\(name)-\(number)"
    }
}
