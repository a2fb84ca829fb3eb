using System.Collections.Immutable;
using System.Globalization;
using CsCheck;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Engine.Tests;

public class RouteTableTests
{
    // A Wednesday.
    private static readonly DateTime Noon = new(2026, 9, 16, 12, 0, 0, DateTimeKind.Utc);

    private static readonly RouteTable Table = new(
        [
            new("emergency", "112", "pbx"),
            new("all", "", "pbx", Failover: ["pbx2"]),
            new("long", "00", "carrier", Priority: 5, StripDigits: 2, Prepend: "+"),
            new("long-cheap", "00", "cheap", Priority: 1, StripDigits: 2, Prepend: "+"),
            new("internal", "1", "pbx", MinDigits: 4, MaxDigits: 4),
        ]);

    [Theory]
    [InlineData("112", "emergency", "112", "pbx")]
    [InlineData("5551234", "all", "5551234", "pbx,pbx2")]
    [InlineData("0049301234", "long-cheap", "+49301234", "cheap")]
    [InlineData("1001", "internal", "1001", "pbx")]
    [InlineData("*98", "all", "*98", "pbx,pbx2")]
    public void The_longest_prefix_wins_then_the_lowest_priority(string dialled, string route, string number, string peers)
    {
        var choice = Choose(Table, dialled)!;
        Assert.Equal((route, number, peers), (choice.Route, choice.Number, Peers(choice)));
    }

    [Theory]
    [InlineData("112", DialJudgement.Complete)]
    [InlineData("1001", DialJudgement.Complete)]
    [InlineData("00", DialJudgement.CompleteOnTimeout)]
    [InlineData("555", DialJudgement.CompleteOnTimeout)]
    public void The_plan_follows_from_the_routes(string dialled, DialJudgement expected) => Assert.Equal(expected, Table.Numbers.Judge(dialled));

    [Fact]
    public void Without_routes_everything_goes_to_the_lines_own_peer()
    {
        var table = new RouteTable([]);
        Assert.Equal("pbx", Peers(Choose(table, "1234")!));
        Assert.Equal(DialJudgement.CompleteOnTimeout, table.Numbers.Judge("1"));
        // Routes for what comes in are none for what goes out.
        table = new RouteTable([new("in", "+4930", "pbx") { Direction = NumberDirection.FromPeer }]);
        Assert.Equal("pbx", Peers(Choose(table, "1234")!));
    }

    [Fact]
    public void A_call_for_help_goes_to_the_lines_own_peer_when_no_route_has_it()
    {
        var table = new RouteTable(
        [
            new("extensions", "11", "carrier", StripDigits: 1, MinDigits: 4, MaxDigits: 4),
            new("out", "9", "carrier", StripDigits: 1, MinDigits: 4),
            new("help", "", "carrier") { Regex = "00[0-9]" },
            new("gw2", "118", "carrier") { From = [new("gw2", "gw2", null)] },
        ]);
        foreach (var number in (string[])["112", "911", "118"])
            Assert.Equal(("", number, "pbx", true), (Choose(table, number)!.Route, Choose(table, number)!.Number, Peers(Choose(table, number)!), Choose(table, number)!.Emergency));
        Assert.Equal(("help", "carrier"), (Choose(table, "000")!.Route, Peers(Choose(table, "000")!)));
        Assert.Equal("gw2", Choose(table, "118", gateway: "gw2")!.Route);
        Assert.Equal(["110", "112", "113", "119", "911", "999"], table.UnroutedEmergencies);
        Assert.Empty(new RouteTable([]).UnroutedEmergencies);
        Assert.Empty(new RouteTable([new("all", "", "pbx")]).UnroutedEmergencies);
    }

    [Fact]
    public void A_number_that_no_route_has_goes_nowhere()
    {
        var table = new RouteTable([new("emergency", "112", "pbx")]);
        Assert.Null(Choose(table, "555"));
        Assert.Null(Choose(table, "11"));
        foreach (var number in (string[])["", "11", "555"]) Assert.Empty(table.Candidates(null, number));
        Assert.Equal((3, "emergency"), table.Candidates(null, "1125").Select(one => (one.Length, one.Entry.Route.Name)).Single());
        Assert.Empty(table.Candidates("pbx", "112"));
    }

    [Theory]
    [InlineData("0301234", "berlin")]
    [InlineData("0401234", "towns")]
    [InlineData("0101234", "rest")]
    [InlineData("030123", "rest")]
    [InlineData("03012345", "rest")]
    public void An_expression_is_about_the_whole_number_and_stands_by_what_it_begins_with(string dialled, string route)
    {
        var table = new RouteTable(
        [
            new("rest", "0", "pbx"),
            new("towns", "", "pbx") { Regex = "0[2-9][0-9]{5}" },
            new("berlin", "", "pbx") { Regex = "030[0-9]{4}" },
        ]);
        Assert.Equal(route, Choose(table, dialled)!.Route);
    }

    [Fact]
    public void A_route_for_some_lines_goes_before_one_for_all_and_nobody_else_has_it()
    {
        var table = new RouteTable(
        [
            new("all", "0", "pbx"),
            new("gw2", "0", "local") { From = [new("gw2", "gw2", null)] },
            new("boss", "0", "gold") { From = [new("1001", null, "1001")] },
            new("boss-only", "77", "gold", MinDigits: 4, MaxDigits: 4) { From = [new("1001", null, "1001")] },
        ]);
        Assert.Equal("all", Choose(table, "0301", "1002", "gw1")!.Route);
        Assert.Equal("gw2", Choose(table, "0301", "2001", "gw2")!.Route);
        Assert.Equal("boss", Choose(table, "0301", "1001", "gw2")!.Route);
        Assert.Null(Choose(table, "7701", "1002", "gw1"));
        Assert.Equal("boss-only", Choose(table, "7701", "1001", "gw1")!.Route);
        // What can be dialled is a matter of the line, too.
        Assert.Equal(DialJudgement.Impossible, table.NumbersFor("1002", "gw1").Judge("77"));
        Assert.Equal(DialJudgement.Complete, table.NumbersFor("1001", "gw1").Judge("7701"));
        Assert.Same(table.Numbers, table.NumbersFor("1002", "gw1"));
        Assert.NotSame(table.Numbers, table.NumbersFor("2002", "gw2"));
    }

    [Fact]
    public void A_route_that_does_not_hold_now_leaves_the_number_to_the_next()
    {
        var table = new RouteTable([new("day", "0", "pbx") { Schedule = Schedule(["08:00-18:00"], ["mon-fri"], []) }, new("night", "0", "answering", Priority: 9), new("all", "", "pbx")]);
        Assert.Equal("day", Choose(table, "01", at: Noon)!.Route);
        Assert.Equal("night", Choose(table, "01", at: Noon.AddHours(6))!.Route);
        Assert.Equal("night", Choose(table, "01", at: Noon.AddDays(3))!.Route);
    }

    [Theory]
    [InlineData("08:00-18:00", "", "", "2026-09-16T06:00", true)] // Berlin is two hours ahead in summer
    [InlineData("08:00-18:00", "", "", "2026-09-16T05:59", false)]
    [InlineData("08:00-18:00", "", "", "2026-09-16T16:00", false)]
    [InlineData("08:00-18:00", "", "", "2026-12-16T06:59", false)] // and one in winter
    [InlineData("08:00-18:00", "", "", "2026-12-16T07:00", true)]
    [InlineData("00:00-24:00", "wed", "", "2026-09-16T21:59", true)]
    [InlineData("00:00-24:00", "wed", "", "2026-09-16T22:00", false)]
    [InlineData("22:00-06:00", "fri", "", "2026-09-19T01:00", true)] // Saturday at three: Friday's night
    [InlineData("22:00-06:00", "fri", "", "2026-09-18T01:00", false)]
    [InlineData("22:00-06:00", "fri", "", "2026-09-18T20:30", true)]
    [InlineData("", "sat-mon", "", "2026-09-20T10:00", true)]
    [InlineData("", "sat-mon", "", "2026-09-22T10:00", false)]
    [InlineData("", "", "2026-12-24..2027-01-02", "2027-01-02T12:00", true)]
    [InlineData("", "", "2026-12-24..2027-01-02", "2027-12-25T12:00", false)]
    [InlineData("", "", "12-24..01-02", "2031-01-01T12:00", true)]
    [InlineData("", "", "12-24..01-02", "2031-01-03T12:00", false)]
    [InlineData("", "", "02-29", "2028-02-29T12:00", true)]
    [InlineData("", "wed", "12-25", "2026-12-25T12:00", false)] // a Friday
    public void Schedules_go_by_their_own_clock(string times, string days, string dates, string utc, bool holds)
    {
        var schedule = Schedule(Words(times), Words(days), Words(dates), "Europe/Berlin");
        Assert.Equal(holds, schedule.Holds(DateTime.Parse(utc, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal)));
    }

    [Theory]
    [InlineData("8:00-18:00", "", "")]
    [InlineData("08:00", "", "")]
    [InlineData("08:00-25:00", "", "")]
    [InlineData("08:60-09:00", "", "")]
    [InlineData("08:00-08:00", "", "")]
    [InlineData("", "monday", "")]
    [InlineData("", "mon-", "")]
    [InlineData("", "", "2026-02-29")]
    [InlineData("", "", "2027-01-02..2026-12-24")]
    [InlineData("", "", "12-24..2027-01-02")]
    public void What_is_no_time_is_told(string times, string days, string dates)
    {
        var told = 0;
        Assert.Null(RouteSchedule.Read("UTC", _ => TimeSpan.Zero, Words(times), Words(days), Words(dates), (_, _, _) => told++));
        Assert.Equal(1, told);
    }

    [Fact]
    public void Equal_routes_share_by_their_weights_and_stand_in_for_one_another()
    {
        var table = new RouteTable(
        [
            new("a", "0", "one", StripDigits: 1) { Weight = 3 },
            new("b", "0", "two", Failover: ["one"]) { Weight = 1 },
            new("worse", "0", "three", Priority: 1) { Weight = 9 },
        ]);
        var chance = new Entropy(7);
        var first = Enumerable.Range(0, 4000).Select(_ => table.Choose(Question("0301"), "pbx", chance)!).CountBy(choice => choice.Route).ToDictionary();
        Assert.Equal(2, first.Count);
        Assert.InRange(first["a"], 2850, 3150);
        // Each number as its own route writes it; a peer that was tried with it is not tried again.
        var choices = Enumerable.Range(0, 20).Select(_ => table.Choose(Question("0301"), "pbx", chance)!).Select(c => string.Join(' ', c.Hops.Select(h => $"{h.Peer}:{h.Number}"))).Distinct().Order();
        Assert.Equal(["one:301 two:0301 one:0301", "two:0301 one:0301 one:301"], choices);
        Assert.Equal("a", Choose(table, "0301")!.Route);
    }

    [Theory]
    [InlineData("0049301234", "+49301234", "+49301001")]
    [InlineData("00", "00", "+49301001")]
    public void Numbers_are_written_anew_on_both_sides(string dialled, string called, string caller)
    {
        var table = new RouteTable([new("out", "00", "pbx") { Called = new(Regex: "00([1-9][0-9]+)", Replace: "+$1"), Caller = new(Prepend: "+4930") }]);
        var hop = Choose(table, dialled)!.Hops[0];
        Assert.Equal((called, caller), (hop.Number, hop.Caller));
        Assert.Null(Choose(Table, "112")!.Hops[0].Caller);
    }

    [Fact]
    public void What_a_peer_calls_is_written_anew_by_its_own_routes()
    {
        var table = new RouteTable(
        [
            new("in", "+4930", "pbx", StripDigits: 5) { Direction = NumberDirection.FromPeer, Caller = new(Regex: "\\+(.*)", Replace: "00$1") },
            new("in-short", "", "pbx") { Direction = NumberDirection.FromPeer, Regex = "9[0-9]{2}", Called = new(StripDigits: 1, Prepend: "10") },
        ]);
        var route = table.FindFrom("pbx", Question("+49301001"))!;
        Assert.Equal(("1001", "0044123", "1234"), (route.Called("+49301001"), route.Caller("+44123"), route.Caller("1234")));
        Assert.Equal("1001", table.FindFrom("pbx", Question("901"))!.Called("901"));
        Assert.Null(table.FindFrom("other", Question("+49301001")));
        Assert.Null(table.FindFrom("pbx", Question("555")));
    }

    [Theory]
    [InlineData("1[0-9]{3}", "1:4-4")]
    [InlineData("11[02]", "110:3-3 112:3-3")]
    [InlineData("(?:110|112)", "110:3-3 112:3-3")]
    [InlineData("0[2-4]\\d{2,5}", "02:4-7 03:4-7 04:4-7")]
    [InlineData("00[0-9]+", "00:3-0")]
    [InlineData("^5.*$", "5:1-0")]
    [InlineData("[0-9]{3}", ":3-3")]
    [InlineData("5[0-9]{2}7", "5:4-0")] // more than a map can say: a pause ends it
    [InlineData("57?8", "5:2-0")]
    [InlineData("(12|3[45])([0-9]{2})", "12:4-4 34:4-4 35:4-4")]
    [InlineData("\\*6[0-9]", "*6:3-3")]
    [InlineData("[*#]1", "*1:2-2 #1:2-2")]
    [InlineData("(1(2(3)))", "123:3-3")]
    [InlineData(".+", ":1-0 *:2-0 #:2-0")]
    [InlineData("[^5][0-9]", ":1-0 *:2-0 #:2-0")]
    [InlineData("(12)+", ":1-0 *:2-0 #:2-0")]
    [InlineData("[0-9]{2}a", ":1-0 *:2-0 #:2-0")]
    public void The_shape_of_an_expression(string regex, string expected) =>
        Assert.Equal(expected, string.Join(' ', RegexShape.Of(regex).Patterns.Select(p => $"{p.Prefix}:{p.MinDigits}-{p.MaxDigits}")));

    private static readonly string[] Parts =
    [
        "0", "1", "2", "9", "\\*", "#", "[0-9]", "\\d", ".", "[12]", "[0-2]", "[*#]", "(1|22)", "(?:0|9[01])",
        "[0-9]{2}", "\\d+", "2?", "[0-9]*", "1{2}", "(12){2}", "(1|2)?", "[0-9]{1,2}", "9+",
    ];

    private static readonly Gen<string> AnyRegex = Gen.Int[0, Parts.Length - 1].Array[1, 4].Select(static parts => string.Concat(parts.Select(static i => Parts[i])));

    /// <summary>Whatever an expression takes has a shape that is told, and is found by how it begins.</summary>
    [Fact]
    public void Every_number_that_an_expression_takes_is_found_and_can_be_dialled() => AnyRegex.Sample(regex =>
    {
        var whole = new RouteExpressions().Whole(regex);
        var shape = RegexShape.Of(regex);
        var table = new RouteTable([new("r", "", "pbx") { Regex = regex }]);
        foreach (var number in Numbers(3))
        {
            if (whole.IsMatch(number) != (Choose(table, number) is { Route.Length: > 0 })) return false;
            // A lone * or # is a beginning and no number.
            if (!whole.IsMatch(number) || number is "*" or "#") continue;
            if (!shape.Heads.Any(number.StartsWith) || table.Numbers.Judge(number) < DialJudgement.CompleteOnTimeout) return false;
            // None of its beginnings ends it, unless that is a number as well.
            for (var length = 1; length < number.Length; length++)
                if (table.Numbers.Judge(number.AsSpan(0, length)) is DialJudgement.Impossible || (table.Numbers.Judge(number.AsSpan(0, length)) is DialJudgement.Complete && !whole.IsMatch(number.AsSpan(0, length)))) return false;
        }

        return true;
    }, iter: 60);

    /// <summary>The search against a reading of the rules that looks at every route.</summary>
    [Fact]
    public void The_search_finds_what_looking_at_every_route_finds()
    {
        var route = Gen.Select(Gen.String[Gen.Char["012*"], 0, 3], AnyRegex, Gen.Int[0, 3], Gen.Int[0, 2], Gen.Int[0, 3], Gen.Bool, static (prefix, regex, kind, priority, origin, timed) =>
            new RouteModel("", kind == 0 ? "" : prefix, "pbx", priority)
            {
                Regex = kind == 0 ? regex : null,
                From = origin switch { 1 => [new("gw1", "gw1", null)], 2 => [new("1002", null, "1002")], _ => [] },
                Schedule = timed ? Schedule(["13:00-14:00"], [], []) : null,
            });
        Gen.Select(route.Array[1, 8], Gen.Bool).Sample((drawn, early) =>
        {
            var routes = drawn.Select(static (r, i) => r with { Name = $"r{i}" }).ToImmutableArray();
            var table = new RouteTable(routes);
            var at = early ? Noon : Noon.AddHours(1);
            foreach (var number in Numbers(3))
            {
                var best = routes.Select(r => (Route: r, Length: Beginning(r, number))).Where(r => r.Length >= 0
                        && (r.Route.From.IsEmpty || r.Route.From[0].Gateway == "gw1") && (r.Route.Schedule is null || !early))
                    .OrderByDescending(r => r.Length).ThenBy(r => r.Route.Priority).ThenBy(r => r.Route.From.IsEmpty).ThenBy(r => r.Route.Regex is null).ThenBy(r => r.Route.Schedule is null).ThenBy(r => r.Route.Name, StringComparer.Ordinal)
                    .Select(r => r.Route.Name).FirstOrDefault();
                if ((Choose(table, number, "1001", "gw1", at) is { Route.Length: > 0 } choice ? choice.Route : null) != best) return false;
            }

            return true;
        }, iter: 60);

        static int Beginning(RouteModel route, string number) =>
            route.Regex is null ? number.StartsWith(route.Prefix, StringComparison.Ordinal) ? route.Prefix.Length : -1
            : new RouteExpressions().Whole(route.Regex).IsMatch(number) ? RegexShape.Of(route.Regex).Heads.Where(number.StartsWith).Max(static head => head.Length) : -1;
    }

    /// <summary>As many as a carrier has: every one is found, calls for help are complete at once, and gateways still have a digit map that agrees.</summary>
    [Fact]
    public void A_hundred_thousand_routes()
    {
        var routes = Enumerable.Range(0, 100_000).Select(static i => new RouteModel($"r{i}", $"00{i:D5}", "pbx", StripDigits: 2, MinDigits: 9, MaxDigits: 11))
            .Append(new RouteModel("emergency", "112", "pbx")).Append(new RouteModel("internal", "1", "pbx", MinDigits: 4, MaxDigits: 4)).ToImmutableArray();
        var table = new RouteTable(routes);
        for (var i = 0; i < 100_000; i += 7) Assert.Equal((Route: $"r{i}", Number: $"{i:D5}12345"), Choose(table, $"00{i:D5}12345") is { } choice ? (choice.Route, choice.Number) : default);
        Assert.Null(Choose(table, "0112345"));
        Assert.Equal(DialJudgement.Complete, table.Numbers.Judge("112"));
        Assert.Equal(DialJudgement.Incomplete, table.Numbers.Judge("0012345"));
        Assert.Equal(DialJudgement.Complete, table.Numbers.Judge("00123456789"));

        var plan = new LinePlans(table, ServiceCodes.Usual, 32).For(new LineModel("1001", null, "gw1", "aaln/1", "pbx", "1001", null, new LineFeatures()));
        foreach (var quirks in (DigitMapQuirks[])[DigitMapQuirks.None, DigitMapQuirks.LongestMatch])
        {
            var map = plan.Maps.For(new DigitMapLimits(DigitMap.RecommendedMaxBytes, quirks))!;
            Assert.False(map.IsExact);
            Assert.True(map.Text.Length <= DigitMap.RecommendedMaxBytes);
            // Nothing that can be dialled is cut off.
            Assert.Equal(DigitMatch.Complete, map.Match("112"));
            Assert.True(map.Match("0012345678") is DigitMatch.CompleteOnCritical or DigitMatch.Incomplete);
            Assert.True(plan.Maps.Ends(map, "112", timer: false));
            Assert.False(plan.Maps.Ends(map, "0012345", timer: true));
        }
    }

    private static IEnumerable<string> Numbers(int depth) => depth == 0 ? [] : "0129*#".Select(static key => key.ToString()).SelectMany(key => Numbers(depth - 1).Select(rest => key + rest).Prepend(key));

    private static ImmutableArray<string> Words(string text) => text.Length == 0 ? [] : [text];

    private static RouteSchedule Schedule(ImmutableArray<string> times, ImmutableArray<string> days, ImmutableArray<string> dates, string zone = "UTC") =>
        RouteSchedule.Read(zone, TimeZoneInfo.FindSystemTimeZoneById(zone).GetUtcOffset, times, days, dates, (kind, _, why) => Assert.Fail(kind + why))!;

    private static RouteQuestion Question(string number) => new(number, "1001", "gw1", Noon);

    private static RouteChoice? Choose(RouteTable table, string number, string line = "1001", string gateway = "gw1", DateTime? at = null) =>
        table.Choose(new RouteQuestion(number, line, gateway, at ?? Noon), "pbx", null);

    private static string Peers(RouteChoice choice) => string.Join(',', choice.Hops.Select(static hop => hop.Peer));
}
