using System.Collections.Immutable;
using CsCheck;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Engine.Tests;

/// <summary>
/// Whatever is dialled comes to the same end whether every digit is reported or the gateway collects by a map: the same number is called, the same service code obeyed,
/// or none for the same reason. Shown for every dial string up to a length, for usual and for arbitrary routes and codes, for maps that had to be blurred, and for gateways
/// that read maps in their own way.
/// </summary>
public class MapAndRouterTests
{
    private const string Keys = "0129*#";

    private static readonly CallTimes Times = new(
        TimeSpan.FromSeconds(16), TimeSpan.FromSeconds(16), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(25));

    // A few of them by expressions; what can be said of those is in the maps, the rest has an open end.
    private static readonly Gen<RouteModel[]> AnyRoutes = Gen.Select(
            Gen.String[Gen.Char["0129*#"], 0, 3], Gen.Int[0, 4], Gen.Int[0, 5], Gen.Int[0, 5], Gen.Int[0, 5],
            static (prefix, min, max, kind, which) => kind == 0
                ? new RouteModel($"regex {which}", "", "pbx") { Regex = ((string[])["1[0-9]{2}", "[12]9*", "0(1|29)[0-9]?", "\\*1[0-9]+", "[0-9]{2}9", ".{3}"])[which] }
                : Route(prefix, min, max == 0 ? 0 : Math.Max(max, Math.Max(min, prefix.Length))))
        .Array[0, 6];

    // As the settings allow them: none begins another.
    private static readonly Gen<ImmutableArray<ServiceCode>> AnyCodes = Gen.Select(Gen.Char["*#"], Gen.String[Gen.Char["0129*#"], 1, 2], Gen.Int[0, 9], Gen.Bool)
        .Select(static (first, rest, action, hash) => new ServiceCode((ServiceAction)action, first + rest, hash && ServiceCode.Takes((ServiceAction)action)))
        .Array[1, 5]
        .Select(static all =>
        {
            var kept = ImmutableArray.CreateBuilder<ServiceCode>();
            foreach (var code in all)
            {
                var alike = kept.Any(other => code.Prefix.StartsWith(other.Prefix, StringComparison.Ordinal) || other.Prefix.StartsWith(code.Prefix, StringComparison.Ordinal));
                if (!alike) kept.Add(code);
            }

            return kept.ToImmutable();
        });

    public static TheoryData<string, int, DigitMapQuirks> Plans()
    {
        TheoryData<string, int, DigitMapQuirks> data = [];
        string[] plans = ["", ":1-0", ":1-0 112:1-0 00:1-0 0:1-0", "112:1-0 1:4-4 0:3-5", "9:2-4 2:3-3 29:4-4 *2:4-4 #:1-0", "0:1-0 01:2-2 12:5-0 *21:3-0 #21#:4-4"];
        foreach (var plan in plans)
        {
            foreach (var room in (int[])[2048, 24, 13])
            {
                foreach (var quirks in Quirks) data.Add(plan, room, quirks);
            }
        }

        return data;
    }

    private static IEnumerable<DigitMapQuirks> Quirks => Enumerable.Range(0, 8).Select(static i => (DigitMapQuirks)i);

    [Theory]
    [MemberData(nameof(Plans))]
    public void Usual_routes(string plan, int room, DigitMapQuirks quirks) =>
        Agree(plan.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static text => Parse(text)), new DigitMapLimits(room, quirks), depth: room == 2048 && quirks == DigitMapQuirks.None ? 5 : 4);

    [Fact]
    public void Arbitrary_routes() =>
        Gen.Select(AnyRoutes, Gen.Int[12, 80], Gen.Int[0, 7]).Sample((routes, room, quirks) => Agree(routes, new DigitMapLimits(room, (DigitMapQuirks)quirks), depth: 4), iter: 100);

    public static TheoryData<string, string, int, DigitMapQuirks> Coded()
    {
        TheoryData<string, string, int, DigitMapQuirks> data = [];
        // Each of the plans makes trouble of another kind: a route that takes any star code, one that is a code's beginning, one that goes on from a code, one of its very symbols.
        string[] plans = ["", "112:1-0 9:2-3 *:2-0 #:2-0", "1:3-3 *1:2-2 *29:4-0", "0:2-0 *9:2-2 *0:3-3 *20:3-3", "2:1-4"];
        string[] codes = ["WithholdNumber:*2 ForwardAlwaysOn:*19 ForwardAlwaysOff:*0", "ForwardBusyOn:*2*{number}# ForwardBusyOff:#2# ShowNumber:#01", "DoNotDisturbOn:*9 DoNotDisturbOff:#9 ForwardNoAnswerOn:*01{number}"];
        foreach (var plan in plans)
        {
            foreach (var code in codes)
            {
                foreach (var room in (int[])[2048, 40, 13])
                {
                    foreach (var quirks in Quirks) data.Add(plan, code, room, quirks);
                }
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Coded))]
    public void Service_codes(string plan, string codes, int room, DigitMapQuirks quirks) =>
        Agree(plan.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static text => Parse(text)), new DigitMapLimits(room, quirks), depth: room == 2048 && quirks == DigitMapQuirks.None ? 5 : 4, codes: ParseCodes(codes));

    [Fact]
    public void Arbitrary_routes_and_service_codes() =>
        Gen.Select(AnyRoutes, AnyCodes, Gen.Int[12, 120], Gen.Int[0, 7]).Sample(
            (routes, codes, room, quirks) => Agree(routes, new DigitMapLimits(room, (DigitMapQuirks)quirks), depth: 4, codes: codes), iter: 100);

    [Fact]
    public void Arbitrary_codes_at_a_gateway_that_reads_maps_in_its_own_way() =>
        Gen.Select(AnyRoutes, AnyCodes, Gen.Int[12, 120], Gen.Int[1, 3]).Sample(
            (routes, codes, room, quirks) => Agree(routes, new DigitMapLimits(room), depth: 4, gateway: (DigitMapQuirks)quirks, codes: codes), iter: 50);

    /// <summary>With and without each group of codes that a line's features stand for: the map has what the line may dial, and nothing else of its own.</summary>
    [Theory]
    [InlineData(false, false, false, "(112|1xxx|5xxxxxx|000|11[0389]T|911|999)")]
    [InlineData(false, true, false, "(112|1xxx|5xxxxxx|000|11[0389]T|911|999|*7[89])")]
    [InlineData(true, false, false, "(112|1xxx|5xxxxxx|000|11[0389]T|911|999|*67112|*671xxx|*675xxxxxx|*67000|*6711[0389]T|*67911|*67999|*82112|*821xxx|*825xxxxxx|*82000|*8211[0389]T|*82911|*82999)")]
    [InlineData(false, false, true, "(112|1xxx|5xxxxxx|000|11[0389]T|911|999|*72112|*721xxx|*725xxxxxx|*73|*9[02]112|*9[02]1xxx|*9[02]5xxxxxx|*9[13])")]
    public void A_line_s_map_has_the_codes_that_its_features_allow(bool privacy, bool doNotDisturb, bool forwarding, string expected)
    {
        var plans = new LinePlans(new RouteTable([Route("112", 3, 3), Route("1", 4, 4), Route("5", 7, 7)]), ServiceCodes.Usual, 32);
        var plan = plans.For(Line(new LineFeatures { PrivacyCodes = privacy, DoNotDisturbCodes = doNotDisturb, ForwardingCodes = forwarding }));
        Assert.Equal(expected, plan.Maps.For(DigitMapLimits.Standard)!.Text);
        Assert.Same(plan, plans.For(Line(new LineFeatures { PrivacyCodes = privacy, DoNotDisturbCodes = doNotDisturb, ForwardingCodes = forwarding, Hotline = "112" })));
    }

    /// <summary>A gateway whose map reader departs from the RFC without our knowledge: what it reports too late or too early is still judged rightly.</summary>
    [Fact]
    public void A_map_for_the_RFC_at_a_gateway_that_waits_for_the_longest_match() =>
        Gen.Select(AnyRoutes, Gen.Int[12, 80], Gen.Int[1, 3]).Sample(
            (routes, room, quirks) => Agree(routes, new DigitMapLimits(room), depth: 4, gateway: (DigitMapQuirks)quirks), iter: 100);

    /// <summary>The pause that ends a number is the short one wherever the router would take the number as it is (RFC 3660 §2.2: T-critical).</summary>
    [Fact]
    public void The_short_pause_runs_where_the_router_has_a_number()
    {
        AnyRoutes.Sample(routes =>
        {
            var plan = new DialPlan(new RouteTable([.. routes]).Numbers, 32);
            foreach (var quirks in (DigitMapQuirks[])[DigitMapQuirks.None, DigitMapQuirks.RepeatsAtLeastOnce, DigitMapQuirks.LongestMatch])
            {
                var map = new MapReader(new PlanMap(plan).For(new DigitMapLimits(100_000, quirks))!.Text, quirks);
                ForEach("", 4, dialled =>
                {
                    // Behind a prefix only digits are in a map; anything else is reported at once, and then the bridge goes on by itself.
                    if (dialled.Length > 1 && !char.IsAsciiDigit(dialled[^1])) return false;
                    var judgement = plan.Judge(dialled);
                    if (judgement is DialJudgement.Complete or DialJudgement.Impossible) return false;
                    var verdict = map.Feed(dialled);
                    if (verdict != MapReader.Verdict.Waits || map.RunsShortPause(dialled) != (judgement == DialJudgement.CompleteOnTimeout))
                        Assert.Fail($"{map} ({quirks}) on {dialled}: {verdict}, short pause {map.RunsShortPause(dialled)}, but the router says {judgement}");
                    return true;
                });
            }
        }, iter: 60);
    }

    private static void Agree(IEnumerable<RouteModel> routes, DigitMapLimits limits, int depth, DigitMapQuirks? gateway = null, ImmutableArray<ServiceCode> codes = default)
    {
        var plan = new DialPlan(new RouteTable([.. routes]).Numbers, 32, codes);
        var maps = new PlanMap(plan);
        // No map: every digit is reported, and there is nothing to agree with.
        if (maps.For(limits) is not { } map) return;
        Assert.True(map.Text.Length <= limits.MaxBytes);
        var reader = new MapReader(map.Text, gateway ?? limits.Quirks);
        ForEach("", depth, dialled =>
        {
            var (alone, byMap) = (Alone(plan, dialled), ByMap(maps, map, reader, plan, dialled));
            if (alone != byMap) Assert.Fail($"{map.Text} ({limits.Quirks}) on {dialled}: {byMap}, without a map {alone}");
            return true;
        });
    }

    /// <summary>Every dial string up to a length, shorter ones first; those that begin with one that was refused are left out.</summary>
    private static void ForEach(string begin, int depth, Func<string, bool> visit)
    {
        foreach (var key in Keys)
        {
            var dialled = begin + key;
            if (visit(dialled) && dialled.Length < depth) ForEach(dialled, depth, visit);
        }
    }

    /// <summary>Every digit is reported by itself; in the end the caller waits.</summary>
    private static string Alone(DialPlan plan, string dialled) => Press(plan, Begin(plan), dialled);

    private static string ByMap(PlanMap maps, DigitMap map, MapReader gateway, DialPlan plan, string dialled)
    {
        var state = Begin(plan);
        for (var length = 1; length <= dialled.Length; length++)
        {
            if (gateway.Feed(dialled[..length]) == MapReader.Verdict.Waits) continue;
            state = Report(state, dialled[..length], timer: false);
            return state is CallState.Dialing ? Press(plan, state, dialled[length..]) : Outcome(state);
        }

        // The caller waits; the gateway's timer reports what there is. Without an entry for it that is a mismatch, and reported as well.
        return Press(plan, Report(state, dialled, timer: true), "");

        CallState Report(CallState before, string digits, bool timer) => Step(plan, before, new CallEvent.Digits(digits, maps.Ends(map, digits, timer)));
    }

    private static CallState Begin(DialPlan plan) => Step(plan, CallState.Idle.Instance, new CallEvent.OffHook(new CallId(1)));

    private static string Press(DialPlan plan, CallState state, string rest)
    {
        foreach (var key in rest)
        {
            if (state is not CallState.Dialing) break;
            state = Step(plan, state, new CallEvent.Digits(key.ToString(), Ended: false));
        }

        if (state is CallState.Dialing) state = Step(plan, state, new CallEvent.TimerFired(CallTimer.InterDigit));
        return Outcome(state);
    }

    private static string Outcome(CallState state) => state switch
    {
        CallState.Preparing preparing => preparing.Call.Far.Number + preparing.Call.Withheld,
        CallState.Releasing releasing => releasing.Tone.ToString(),
        _ => state.ToString(),
    };

    private static CallState Step(DialPlan plan, CallState state, CallEvent evt)
    {
        var transition = CallMachine.Step(state, evt, new CallContext(new Instant(TimeSpan.TicksPerHour), plan, Times, LineSettings.None, null));
        // A code that was obeyed is told from the others as if it were a number.
        return transition.Effects.OfType<CallEffect.SetLine>().FirstOrDefault() is { } set
            ? new CallState.Preparing(new Call(new CallId(1), true, new Party($"{set.Action} {set.Number}")))
            : transition.Next;
    }

    private static ImmutableArray<ServiceCode> ParseCodes(string text) => [.. text.Split(' ').Select(static one =>
    {
        var parts = one.Split(':');
        Assert.True(ServiceCode.TryParse(Enum.Parse<ServiceAction>(parts[0]), parts[1], out var code));
        return code;
    })];

    private static LineModel Line(LineFeatures features) => new("1001", null, "gw1", "aaln/1", "pbx", "1001", null, features);

    private static RouteModel Route(string prefix, int min, int max) => new($"{prefix}:{min}-{max}", prefix, "pbx", MinDigits: min, MaxDigits: max);

    private static RouteModel Parse(string text)
    {
        var parts = text.Split(':', '-');
        return Route(parts[0], int.Parse(parts[1], null), int.Parse(parts[2], null));
    }
}
