import Testing

@testable import OnebeatServer

@Suite struct JSONKeysTests {
    @Test(arguments: [
        ("{}", nil), (#"{"a": 1, "b": {"a": 2}, "c": [{"a": 3}, {"a": 4}]}"#, nil), (#"{"a": "a", "b": "a"}"#, nil),
        (#"{"a": 1, "a": 2}"#, "a"), (#"{"b": {"x": 1, "y": [], "x": 2}}"#, "x"), (#"[{"a": 1, "a": 2}]"#, "a"),
        (#"{"a": 1, "\u0061": 2}"#, "a"), (#"{"\"": 1, "b": "\"a\": ", "\u0022": 2}"#, "\""),
        (#"{"a": ["a", "a"], "b": ",", "c": "{"}"#, nil), (#""a""#, nil), ("[1, 2]", nil),
    ])
    func theFirstKeyThatIsThereTwiceIsFound(json: String, key: String?) {
        #expect(JSONKeys.twice(in: Array(json.utf8)) == key)
    }
}
