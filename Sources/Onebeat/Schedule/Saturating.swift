extension Int {
    /// The whole part of a number; the nearest that can be said of one that is too large, and 0 of one that is none.
    package init(saturating number: Double) {
        if let whole = Int(exactly: number.rounded(.towardZero)) {
            self = whole
        } else {
            self = number.isNaN ? 0 : number < 0 ? .min : .max
        }
    }
}
