using System.Runtime.CompilerServices;
using System.Text;

namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>The tables, every state by every input, as text that a person has read. <c>UPDATE_SNAPSHOTS=1</c> rewrites them.</summary>
public sealed class TableTests
{
    [Fact]
    public void Calls()
    {
        var table = new StringBuilder();
        foreach (var state in Enum.GetValues<SipCallState>())
        {
            foreach (var input in Enum.GetValues<SipCallInput>())
            {
                var step = SipCallTable.Step(state, input);
                table.Append(Row($"{state}", $"{input}", $"{step.Next}", step.Actions.Select(action => action.ToString()), step.Ignored));
            }
        }

        Compare("calls", table.ToString());
    }

    [Fact]
    public void Registrations()
    {
        var table = new StringBuilder();
        foreach (var stage in Enum.GetValues<RegistrationStage>())
        {
            foreach (var input in Enum.GetValues<RegistrationInput>())
            {
                var step = RegistrationTable.Step(stage, input);
                table.Append(Row($"{stage}", $"{input}", $"{step.Next}", step.Actions.Select(action => action.ToString()), step.Ignored));
            }
        }

        Compare("registrations", table.ToString());
    }

    [Fact]
    public void Every_call_can_end_and_nothing_leaves_the_end()
    {
        foreach (var input in Enum.GetValues<SipCallInput>()) Assert.Equal(SipCallState.Over, SipCallTable.Step(SipCallState.Over, input).Next);

        // From each state, hanging up and then whatever ends our requests leads to the end.
        SipCallInput[] ends = [SipCallInput.HangUp, SipCallInput.Failure, SipCallInput.AckTimeout, SipCallInput.ByeDone];
        foreach (var state in Enum.GetValues<SipCallState>())
            Assert.Equal(SipCallState.Over, ends.Aggregate(state, (at, input) => SipCallTable.Step(at, input).Next));
    }

    [Fact]
    public void A_call_is_reported_ended_at_most_once()
    {
        // Over all paths: after Rejected or HungUp, or after the engine hung up, nothing more is reported.
        var seen = new HashSet<(SipCallState, bool)>();
        var open = new Stack<(SipCallState State, bool Ended)>();
        open.Push((SipCallState.Locating, false));
        open.Push((SipCallState.Offering, false));
        while (open.TryPop(out var at))
        {
            if (!seen.Add(at)) continue;
            foreach (var input in Enum.GetValues<SipCallInput>())
            {
                var step = SipCallTable.Step(at.State, input);
                var reports = step.Actions.Count(action => action is SipCallAction.ReportRejected or SipCallAction.ReportHungUp or SipCallAction.ReportAnswered or SipCallAction.ReportConfirmed);
                Assert.True(reports == 0 || !at.Ended, $"{at.State} x {input}");
                var ended = at.Ended || input is SipCallInput.HangUp or SipCallInput.Reject && step.Ignored is null
                    || step.Actions.Any(action => action is SipCallAction.ReportRejected or SipCallAction.ReportHungUp);
                open.Push((step.Next, ended));
            }
        }
    }

    private static string Row(string state, string input, string next, IEnumerable<string> actions, string? ignored) =>
        $"{state,-21} {input,-12} {(ignored is null ? next : "-"),-21} {(ignored is null ? string.Join(", ", actions) : "(" + ignored + ")")}".TrimEnd() + "\n";

    private static void Compare(string name, string actual, [CallerFilePath] string source = "")
    {
        var file = Path.Combine(AppContext.BaseDirectory, "Snapshots", name + ".txt");
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
        {
            var folder = Path.Combine(Path.GetDirectoryName(source)!, "..", "Snapshots");
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, name + ".txt"), actual);
            return;
        }

        Assert.Equal(File.ReadAllText(file), actual, ignoreLineEndingDifferences: true);
    }
}
