import Onebeat

extension StoreLaw {
    private static func user(_ name: String, _ role: Role = .operator, _ patterns: [String] = []) throws -> WebUser {
        WebUser(name: name, role: role, scope: try JobScope(patterns), password: "hash of \(name)")
    }

    static let access: [StoreLaw] = [
        StoreLaw("a user is added once, and is found with role and scope") { bench in
            let store = bench.store
            try expect(try await store.add(try user("ann", .viewer, ["shop-*", "日报"]), by: "root"), is: true)
            try expect(try await store.add(try user("ann", .admin), by: "root"), is: false)
            try expect(try await store.add(try user("bob", .admin), by: "root"), is: true)
            var ann = try user("ann", .viewer, ["shop-*", "日报"])
            ann.createdAt = bench.now
            try expect(try await store.user("ann"), is: ann)
            try expect(try await store.user("Ann"), is: nil)
            try expect(try await store.user("ann\0"), is: nil)
            try expect(try await store.users(limit: 9).map(\.name), is: ["ann", "bob"])
            try expect(try await store.users(limit: 1).map(\.name), is: ["ann"])
            try expect(try await store.users(after: "ann", limit: 9).map(\.name), is: ["bob"])
            try expect(try await store.users(after: "bob", limit: 9).count, is: 0)
            let events = try await store.events(job: nil, limit: 9).filter { $0.kind == "user.added" }
            try expect(events.map(\.message), is: ["bob: admin", "ann: viewer"])
            try expect(events.map(\.actor), is: ["root", "root"])
        },
        StoreLaw("a session is its user's until it is over, or was not used") { bench in
            let store = bench.store
            _ = try await store.add(try user("ann"), by: "root")
            try expect(try await store.beginSession("d1", of: "nobody", lasting: .seconds(900)), is: false)
            try expect(try await store.beginSession("d1", of: "ann", lasting: .seconds(2000)), is: true)
            try expect(try await store.session("d1", idle: .seconds(600))?.name, is: "ann")
            try expect(try await store.session("d2", idle: .seconds(600)), is: nil)
            for _ in 0..<4 {
                bench.time.advance(by: .seconds(400))
                try expect(try await store.session("d1", idle: .seconds(600))?.name, is: "ann")
            }
            bench.time.advance(by: .seconds(400))
            try expect(try await store.session("d1", idle: .seconds(600)), is: nil)
            _ = try await store.beginSession("d2", of: "ann", lasting: .seconds(9000))
            bench.time.advance(by: .seconds(600))
            try expect(try await store.session("d2", idle: .seconds(600)), is: nil)
            let events = try await store.events(job: nil, limit: 9).filter { $0.kind == "user.signed_in" }
            try expect(events.map(\.actor), is: ["ann", "ann"])
        },
        StoreLaw("a session ends with its user, a new password, or by itself, and no other does") { bench in
            let store = bench.store
            for name in ["ann", "bob", "cat"] {
                _ = try await store.add(try user(name), by: "root")
                _ = try await store.beginSession("of \(name)", of: name, lasting: .seconds(900))
            }
            _ = try await store.beginSession("other", of: "cat", lasting: .seconds(900))
            try expect(try await store.removeUser("ann", by: "root"), is: true)
            try expect(try await store.removeUser("ann", by: "root"), is: false)
            try expect(try await store.setPassword("new", of: "bob", by: "root"), is: true)
            try expect(try await store.setPassword("new", of: "ann", by: "root"), is: false)
            try await store.endSession("other")
            var open: [String] = []
            for digest in ["of ann", "of bob", "of cat", "other"]
            where try await store.session(digest, idle: .seconds(900)) != nil { open.append(digest) }
            try expect(open, is: ["of cat"])
            try expect(try await store.user("bob")?.password, is: "new")
            try expect(try await store.beginSession("late", of: "ann", lasting: .seconds(900)), is: false)
        },
        StoreLaw("the last admin of all jobs stays where that is asked for, whoever goes at the same moment") { bench in
            let store = bench.store
            for name in ["ann", "bob"] { _ = try await store.add(try user(name, .admin), by: "root") }
            _ = try await store.add(try user("cat", .admin, ["shop-*"]), by: "root")
            _ = try await store.add(try user("dan"), by: "root")
            try expect(try await store.removeUser("nobody", keepingAdmin: true, by: "root"), is: false)
            try expect(try await store.removeUser("dan", keepingAdmin: true, by: "root"), is: true)
            // Each removes the other.
            let gone = await withTaskGroup(of: Bool.self) { group in
                for (one, other) in [("ann", "bob"), ("bob", "ann")] {
                    group.addTask { (try? await store.removeUser(one, keepingAdmin: true, by: other)) ?? false }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            try expect(gone, is: 1)
            guard let last = try await store.users(limit: 9).first(where: { $0.scope == .all })?.name else {
                throw LawBroken(description: "nobody is left")
            }
            try await expectRefused { _ = try await store.removeUser(last, keepingAdmin: true, by: "root") }
            try expect(try await store.removeUser("cat", keepingAdmin: true, by: "root"), is: true)
            try expect(try await store.removeUser(last, by: "root"), is: true)
        },
        StoreLaw("a token opens by its fingerprint until it expires or is revoked") { bench in
            let store = bench.store
            let scope = try JobScope(["shop-*"])
            let token = WebToken(
                name: "ci", digest: "d1", role: .operator, scope: scope, expiresAt: bench.second(60))
            try expect(try await store.add(token, by: "ann"), is: true)
            try expect(try await store.add(token, by: "ann"), is: false)
            try expect(
                try await store.add(WebToken(name: "other", digest: "d1", role: .admin), by: "ann"), is: false)
            try expect(
                try await store.add(WebToken(name: "for ever", digest: "d2", role: .viewer), by: "ann"), is: true)
            let found = try await store.token("d1")
            try expect(found?.scope, is: scope)
            try expect(found?.createdBy, is: "ann")
            try expect(try await store.token("ci"), is: nil)
            bench.time.advance(by: .seconds(60))
            try expect(try await store.token("d1"), is: nil)
            try expect(try await store.token("d2")?.name, is: "for ever")
            try expect(try await store.tokens(limit: 9).map(\.name), is: ["ci", "for ever"])
            try expect(try await store.tokens(after: "ci", limit: 9).map(\.name), is: ["for ever"])
            try expect(try await store.revokeToken("for ever", by: "bob"), is: true)
            try expect(try await store.revokeToken("for ever", by: "bob"), is: false)
            try expect(try await store.token("d2"), is: nil)
            let events = try await store.events(job: nil, limit: 9).filter { $0.kind.hasPrefix("token.") }
            try expect(events.map(\.kind), is: ["token.revoked", "token.created", "token.created"])
        },
        StoreLaw("failures to sign in are counted by key, for an hour") { bench in
            let store = bench.store
            let pair = SignInKey.pair("ann", "10.0.0.1")
            try await store.countSignInFailure(of: [pair, SignInKey.user("ann")])
            bench.time.advance(by: .seconds(5))
            try await store.countSignInFailure(of: [SignInKey.user("ann"), SignInKey.user("anna")])
            let seen = try await store.signInFailures(of: [pair, SignInKey.user("ann"), SignInKey.user("x")])
            try expect(seen.failures[pair], is: SignInFailures(count: 1, lastAt: bench.now - .seconds(5)))
            try expect(seen.failures[SignInKey.user("ann")], is: SignInFailures(count: 2, lastAt: bench.now))
            try expect(seen.failures.count, is: 2)
            try expect(seen.now, is: bench.now)
            try await store.forgetSignInFailures(of: [pair])
            try expect(try await store.signInFailures(of: [pair]).failures.count, is: 0)
            bench.time.advance(by: .seconds(3600))
            try expect(try await store.signInFailures(of: [SignInKey.user("ann")]).failures.count, is: 0)
            try await store.countSignInFailure(of: [SignInKey.user("ann")])
            try expect(
                try await store.signInFailures(of: [SignInKey.user("ann")]).failures[SignInKey.user("ann")]?.count,
                is: 1)
        },
        StoreLaw("a new password opens the door that failures had closed, and no other user's") { bench in
            let store = bench.store
            _ = try await store.add(try user("ann"), by: "root")
            let keys = [
                SignInKey.user("ann"), SignInKey.pair("ann", "10.0.0.1"), SignInKey.pair("anna", "10.0.0.1"),
                SignInKey.address("10.0.0.1"),
            ]
            try await store.countSignInFailure(of: keys)
            _ = try await store.setPassword("new", of: "ann", by: "root")
            let left = try await store.signInFailures(of: keys).failures.keys.sorted()
            try expect(left, is: [SignInKey.address("10.0.0.1"), SignInKey.pair("anna", "10.0.0.1")])
        },
    ]
}
