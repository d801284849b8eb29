import Onebeat

/// A picture of what follows what: in columns, each one right of all that it follows.
struct LayeredDrawing {
    struct Node {
        var title: String
        var detail: HTML
        var address: String
        /// How it is coloured; a word of the stylesheet.
        var tone = "calm"
        /// Whether it is on the path that decides how long all takes.
        var isCritical = false
        /// Whether it stands for many, one for each element of a list.
        var isMany = false
    }

    struct Edge: Hashable {
        var from: Int
        var to: Int
    }

    /// Beyond so many nodes or edges a picture helps nobody.
    static let mostNodes = 200
    static let mostEdges = 1000

    private static let width = 184
    private static let height = 46
    private static let gap = (across: 56, down: 16)
    /// An edge over more columns than that is drawn straight.
    private static let longestBend = 12

    private struct Place {
        var layer: Int
        var order = 0
        /// The middle of its height.
        var y = 0
        var isNode: Bool
    }

    private let nodes: [Node]
    private let edges: [Edge]
    private var places: [Place]
    /// For each edge the places it goes by, its ends among them.
    private var ways: [[Int]] = []

    /// - Returns: `nil` for what is too large to draw, and for what goes in a circle.
    init?(_ nodes: [Node], _ edges: [Edge]) {
        guard nodes.count <= Self.mostNodes, edges.count <= Self.mostEdges,
            edges.allSatisfy({ nodes.indices.contains($0.from) && nodes.indices.contains($0.to) }),
            let layers = Self.layers(nodes.count, edges)
        else { return nil }
        self.nodes = nodes
        self.edges = edges
        places = layers.map { Place(layer: $0, isNode: true) }
        for edge in edges {
            var way = [edge.from]
            let between = layers[edge.from] + 1..<layers[edge.to]
            if between.count <= Self.longestBend {
                for layer in between {
                    places.append(Place(layer: layer, isNode: false))
                    way.append(places.count - 1)
                }
            }
            ways.append(way + [edge.to])
        }
        arrange()
    }

    /// The column of each node: one more than the highest of those it follows.
    private static func layers(_ count: Int, _ edges: [Edge]) -> [Int]? {
        var layers = Array(repeating: 0, count: count)
        var open = Array(repeating: 0, count: count)
        var next: [[Int]] = Array(repeating: [], count: count)
        for edge in edges {
            open[edge.to] += 1
            next[edge.from].append(edge.to)
        }
        var ready = (0..<count).filter { open[$0] == 0 }
        var done = 0
        while let node = ready.popLast() {
            done += 1
            for follower in next[node] {
                layers[follower] = max(layers[follower], layers[node] + 1)
                open[follower] -= 1
                if open[follower] == 0 { ready.append(follower) }
            }
        }
        return done == count ? layers : nil
    }

    /// Orders each column by where its neighbours stand, a few times down and up, which leaves few crossings.
    private mutating func arrange() {
        var columns = Dictionary(grouping: places.indices, by: { places[$0].layer })
        var before: [Int: [Int]] = [:]
        var after: [Int: [Int]] = [:]
        for way in ways {
            for (from, to) in zip(way, way.dropFirst()) {
                before[to, default: []].append(from)
                after[from, default: []].append(to)
            }
        }
        func number() {
            for column in columns.values { for (order, place) in column.enumerated() { places[place].order = order } }
        }
        number()
        let layers = columns.keys.sorted()
        for sweep in 0..<4 {
            let isDown = sweep.isMultiple(of: 2)
            for layer in isDown ? layers : layers.reversed() {
                let neighbours = isDown ? before : after
                func middle(_ place: Int) -> Double {
                    let orders = (neighbours[place] ?? []).map { Double(places[$0].order) }
                    return orders.isEmpty ? Double(places[place].order) : orders.reduce(0, +) / Double(orders.count)
                }
                let middles = Dictionary((columns[layer] ?? []).map { ($0, middle($0)) }) { first, _ in first }
                columns[layer]?.sort { (middles[$0] ?? 0, $0) < (middles[$1] ?? 0, $1) }
                number()
            }
        }
        let heights = columns.mapValues { $0.reduce(-Self.gap.down) { $0 + room($1) + Self.gap.down } }
        let highest = heights.values.max() ?? 0
        for (layer, column) in columns {
            var y = (highest - (heights[layer] ?? 0)) / 2
            for place in column {
                places[place].y = y + room(place) / 2
                y += room(place) + Self.gap.down
            }
        }
    }

    private func room(_ place: Int) -> Int { places[place].isNode ? Self.height : 4 }

    private func x(_ place: Int) -> Int { places[place].layer * (Self.width + Self.gap.across) }

    /// The picture, which scrolls by itself where it is wider than the page.
    func html(label: HTML, zoom: Zoom = .full) -> HTML {
        let width = (places.map(\.layer).max() ?? 0) * (Self.width + Self.gap.across) + Self.width + 10
        let bottom = places.indices.map { places[$0].y + room($0) / 2 }.max() ?? 0
        let height = bottom + 10
        return """
            <div class="\(zoom.mark)" role="region" aria-label="\(label)" tabindex="0">\
            <svg viewBox="-2 -2 \(width) \(height)" width="\(width)" height="\(height)" role="group" aria-label="\(label)">
            \(ways.indices.map(line))\(nodes.indices.map(box))</svg></div>
            """
    }

    private func line(_ edge: Int) -> HTML {
        let way = ways[edge]
        guard let first = way.first else { return "" }
        var path = "M\(x(first) + Self.width) \(places[first].y)"
        for (from, to) in zip(way, way.dropFirst()) {
            let (start, end) = (x(from) + Self.width, x(to))
            let half = (start + end) / 2
            path += "C\(half) \(places[from].y) \(half) \(places[to].y) \(end) \(places[to].y)"
            if !places[to].isNode { path += "h\(Self.width)" }
        }
        let isCritical = nodes[edges[edge].from].isCritical && nodes[edges[edge].to].isCritical
        return "<path class=\"edge\(isCritical ? " critical" : "")\" d=\"\(path)\"/>\n"
    }

    private func box(_ index: Int) -> HTML {
        let node = nodes[index]
        let top = places[index].y - Self.height / 2
        let critical: HTML? = node.isCritical ? " critical" : nil
        let behind: HTML? =
            node.isMany
            ? """
            <rect x="\(x(index) + 5)" y="\(top + 5)" width="\(Self.width)" height="\(Self.height)" rx="8"/>
            """ : nil
        return """
            <a href="\(node.address)" class="node \(node.tone)\(critical)"><title>\(node.title)</title>\(behind)\
            <rect x="\(x(index))" y="\(top)" width="\(Self.width)" height="\(Self.height)" rx="8"/>\
            <text x="\(x(index) + 12)" y="\(top + 19)" class="name">\(Self.short(node.title))</text>\
            <text x="\(x(index) + 12)" y="\(top + 36)">\(node.detail)</text></a>

            """
    }

    /// What fits into a box.
    static func short(_ title: String, to most: Int = 22) -> String {
        title.count <= most ? title : "\(title.prefix(most - 1))…"
    }
}
