import Foundation

/// Makes inputs: seeds of the corpus, cut, doubled, crossed and sprinkled with what such formats are made of.
struct Mutation {
    private let target: Target
    private let seed: UInt64
    private let corpus: [[UInt8]]
    private let dictionary: [[UInt8]]

    /// Numbers at which arithmetic ends.
    private static let numbers = [
        "0", "-1", "1", "7", "59", "60", "90", "255", "256", "1000000", "999999999", "2147483647", "2147483648",
        "-2147483648", "4294967295", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "18446744073709551615", "1e308", "1e999", "-1e19", "inf", "-inf", "nan", "0x10", "00", "1.5",
        "99999999999999999999999",
    ]
    private static let bytes: [UInt8] = [
        0, 1, 9, 10, 13, 32, 34, 37, 39, 44, 45, 47, 58, 63, 64, 91, 92, 123, 127, 128, 192, 239, 254, 255,
    ]

    init(_ target: Target, seed: UInt64) {
        self.target = target
        self.seed = seed
        corpus = target.corpus
        dictionary = target.dictionary.map { Array($0.utf8) } + Self.numbers.map { Array($0.utf8) }
    }

    /// The input of a number: the corpus as it is first, and then what becomes of it.
    func input(_ number: UInt64) -> [UInt8] {
        if number < UInt64(corpus.count) { return corpus[Int(number)] }
        var chance = Chance(seed &* 0x9e37_79b9_7f4a_7c15 ^ number &* 0xd1b5_4a32_d192_ed03)
        var input = chance.below(16) == 0 ? [] : corpus.isEmpty ? [] : corpus[chance.below(corpus.count)]
        if input.isEmpty { for _ in 0...chance.below(12) { input += dictionary[chance.below(dictionary.count)] } }
        for _ in 0...chance.below(6) { change(&input, &chance) }
        if input.count > target.most { input.removeLast(input.count - target.most) }
        return input
    }

    private func change(_ input: inout [UInt8], _ chance: inout Chance) {
        let place = chance.below(input.count + 1)
        switch chance.below(12) {
        case 0 where place < input.count: input[place] ^= 1 << UInt8(chance.below(8))
        case 1 where place < input.count: input[place] = Self.bytes[chance.below(Self.bytes.count)]
        case 2 where place < input.count: input[place] = UInt8(truncatingIfNeeded: chance.next())
        case 3, 4: input.insert(contentsOf: dictionary[chance.below(dictionary.count)], at: place)
        case 5 where place < input.count:
            input.removeSubrange(place..<min(input.count, place + 1 + chance.below(16)))
        case 6 where place < input.count:
            let part = Array(input[place..<min(input.count, place + 1 + chance.below(64))])
            let times = chance.below(20) == 0 ? 1 + chance.below(max(1, target.most / part.count)) : 1 + chance.below(4)
            for _ in 0..<times where input.count < target.most { input.insert(contentsOf: part, at: place) }
        case 7 where !corpus.isEmpty:
            let other = corpus[chance.below(corpus.count)]
            let from = chance.below(other.count + 1)
            input = Array(input[..<place]) + other[from...]
        case 8: changeNumber(&input, from: place, &chance)
        case 9: input.removeSubrange(place...)
        case 10 where place < input.count && !dictionary.isEmpty:
            let word = dictionary[chance.below(dictionary.count)]
            input.replaceSubrange(place..<min(input.count, place + word.count), with: word)
        default: input.insert(Self.bytes[chance.below(Self.bytes.count)], at: place)
        }
    }

    /// Another number in the place of the next one.
    private func changeNumber(_ input: inout [UInt8], from place: Int, _ chance: inout Chance) {
        let isDigit = { (byte: UInt8) in UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
        guard let start = input[place...].firstIndex(where: isDigit) ?? input.firstIndex(where: isDigit) else { return }
        let end = input[start...].firstIndex { !isDigit($0) } ?? input.endIndex
        let number = Self.numbers[chance.below(Self.numbers.count)]
        input.replaceSubrange(start..<end, with: Array(number.utf8))
    }
}

/// SplitMix64.
struct Chance {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: next() >> 1) % max(bound, 1) }
}
