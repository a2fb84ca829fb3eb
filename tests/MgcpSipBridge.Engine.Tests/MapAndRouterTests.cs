using CsCheck;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Engine.Tests;

/// <summary>
/// Whatever is dialled comes to the same end whether every digit is reported or the gateway collects by a map: the same number is called, or none for the same reason.
/// Shown for every dial string up to a length, for usual and for arbitrary routes, for maps that had to be blurred, and for gateways that read maps in their own way.
/// </summary>
public class MapAndRouterTests
{
    private const string Keys = "0129*#";

    private static readonly CallTimes Times = new(
        TimeSpan.FromSeconds(16), TimeSpan.FromSeconds(16), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60));

    private static readonly Gen<RouteModel[]> AnyRoutes = Gen.Select(
            Gen.String[Gen.Char["0129*#"], 0, 3], Gen.Int[0, 4], Gen.Int[0, 5],
            static (prefix, min, max) => Route(prefix, min, max == 0 ? 0 : Math.Max(max, Math.Max(min, prefix.Length))))
        .Array[0, 6];

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
            var plan = new RouteTable([.. routes], 32).Plan;
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

    private static void Agree(IEnumerable<RouteModel> routes, DigitMapLimits limits, int depth, DigitMapQuirks? gateway = null)
    {
        var table = new RouteTable([.. routes], 32);
        var maps = new PlanMap(table.Plan);
        // No map: every digit is reported, and there is nothing to agree with.
        if (maps.For(limits) is not { } map) return;
        Assert.True(map.Text.Length <= limits.MaxBytes);
        var reader = new MapReader(map.Text, gateway ?? limits.Quirks);
        ForEach("", depth, dialled =>
        {
            var (alone, byMap) = (Alone(table.Plan, dialled), ByMap(maps, map, reader, table.Plan, dialled));
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
        CallState.Preparing preparing => preparing.Call.Far.Number,
        CallState.Releasing releasing => releasing.Tone.ToString(),
        _ => state.ToString(),
    };

    private static CallState Step(DialPlan plan, CallState state, CallEvent evt) =>
        CallMachine.Step(state, evt, new CallContext(new Instant(TimeSpan.TicksPerHour), plan, Times, null, false, null)).Next;

    private static RouteModel Route(string prefix, int min, int max) => new($"{prefix}:{min}-{max}", prefix, "pbx", MinDigits: min, MaxDigits: max);

    private static RouteModel Parse(string text)
    {
        var parts = text.Split(':', '-');
        return Route(parts[0], int.Parse(parts[1], null), int.Parse(parts[2], null));
    }
}
