import Testing

@testable import OnebeatServer

@Suite struct EnvironmentExpansionTests {
    @Test(arguments: [
        ("plain", "plain"), ("", ""), ("${A}", "1"), ("x${A}y${B}z", "x1y$z"), ("${A}${A}", "11"), ("$A", "$A"),
        ("a$", "a$"),
        ("$${A}", "${A}"), ("$$A", "$$A"), ("${EMPTY}", ""),
    ])
    func onlyNamesInBracesAreReplaced(text: String, expected: String) throws {
        #expect(try EnvironmentExpansion.expand(text, environment: ["A": "1", "B": "$", "EMPTY": ""]) == expected)
    }

    @Test func whatAVariableHoldsIsNotExpandedAgain() throws {
        #expect(try EnvironmentExpansion.expand("${A}", environment: ["A": "${B}", "B": "x"]) == "${B}")
    }

    @Test func anUnknownVariableIsNamed() {
        #expect(throws: EnvironmentExpansion.Failure.unknown("TOKEN")) {
            try EnvironmentExpansion.expand("Bearer ${TOKEN}", environment: [:])
        }
    }

    @Test(arguments: ["${", "${}", "${1A}", "${A-B}", "${A", "a ${ A}"])
    func bracesWithoutANameAreRefused(text: String) {
        #expect(throws: EnvironmentExpansion.Failure.self) {
            try EnvironmentExpansion.expand(text, environment: ["A": "1"])
        }
    }
}
