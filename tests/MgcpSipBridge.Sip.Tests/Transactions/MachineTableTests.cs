using System.Text;

namespace MgcpSipBridge.Sip.Tests.Transactions;

/// <summary>The four machines, every state by every input, as one reviewed table.</summary>
public sealed class MachineTableTests
{
    private static readonly SipTransactionInput[] Inputs = Enum.GetValues<SipTransactionInput>();

    private static readonly (string Name, SipTransactionState[] States, Func<SipTransactionState, SipTransactionInput, SipTransition> Step, Func<SipTransactionState, SipTimers> Timers, SipTransition Begin)[] Machines =
    [
        ("INVITE client", [SipTransactionState.Calling, SipTransactionState.Proceeding, SipTransactionState.Accepted, SipTransactionState.Completed],
            SipInviteClientMachine.Step, SipInviteClientMachine.TimersOf, SipInviteClientMachine.Begin),
        ("non-INVITE client", [SipTransactionState.Trying, SipTransactionState.Proceeding, SipTransactionState.Completed],
            SipNonInviteClientMachine.Step, SipNonInviteClientMachine.TimersOf, SipNonInviteClientMachine.Begin),
        ("INVITE server", [SipTransactionState.Proceeding, SipTransactionState.Accepted, SipTransactionState.Completed, SipTransactionState.Confirmed],
            SipInviteServerMachine.Step, SipInviteServerMachine.TimersOf, SipInviteServerMachine.Begin),
        ("non-INVITE server", [SipTransactionState.Trying, SipTransactionState.Proceeding, SipTransactionState.Completed],
            SipNonInviteServerMachine.Step, SipNonInviteServerMachine.TimersOf, SipNonInviteServerMachine.Begin),
    ];

    [Fact]
    public void States_by_inputs()
    {
        var table = new StringBuilder();
        foreach (var (name, states, step, _, begin) in Machines)
        {
            table.Append("== ").Append(name).Append('\n').Append("begin | | ").Append(begin.State).Append(" | ").Append(Effects(begin)).Append('\n');
            foreach (var state in states)
            {
                foreach (var input in Inputs)
                {
                    var row = step(state, input);
                    if (row.Ignored?.StartsWith("cannot happen", StringComparison.Ordinal) == true) continue;
                    table.Append(state).Append(" | ").Append(input).Append(" | ");
                    if (row.Ignored is { } why) table.Append("ignored: ").Append(why);
                    else table.Append(row.State).Append(" | ").Append(Effects(row));
                    table.Append('\n');
                }
            }
        }

        Snapshot.Check("transaction-machines", table.ToString());
    }

    [Fact]
    public void What_cannot_happen_cannot()
    {
        foreach (var (name, states, step, timers, begin) in Machines)
        {
            var reachable = new HashSet<SipTransactionState> { begin.State };
            Assert.Equal(begin.Start, begin.Start & timers(begin.State));
            foreach (var state in states)
            {
                foreach (var input in Inputs)
                {
                    var row = step(state, input);
                    var isTimer = input >= SipTransactionInput.TimerA;
                    var runs = isTimer && (timers(state) & TimerOf(input)) != 0;
                    var impossible = row.Ignored?.StartsWith("cannot happen", StringComparison.Ordinal) == true;
                    if (isTimer) Assert.True(runs == (row.Ignored is null), $"{name}: {state} and {input}: a timer runs exactly where it does something.");
                    else Assert.True(impossible == !Belongs(input, name), $"{name}: {state} and {input}");
                    // A timer that is started is one of the next state.
                    if (row.State != SipTransactionState.Terminated) Assert.Equal(row.Start, row.Start & timers(row.State));
                    if (row.Ignored is not null) Assert.Equal(state, row.State);
                    reachable.Add(row.State);
                }
            }

            Assert.Equal([.. states, SipTransactionState.Terminated], reachable.Order());
        }
    }

    private static bool Belongs(SipTransactionInput input, string machine) => input switch
    {
        SipTransactionInput.TransportError => true,
        SipTransactionInput.Provisional or SipTransactionInput.Success or SipTransactionInput.Failure => machine.EndsWith("client", StringComparison.Ordinal),
        SipTransactionInput.Ack => machine == "INVITE server",
        _ => machine.EndsWith("server", StringComparison.Ordinal),
    };

    private static SipTimers TimerOf(SipTransactionInput input) => Enum.Parse<SipTimers>(input.ToString()["Timer".Length..]);

    private static string Effects(SipTransition row) => row.Start == SipTimers.None ? row.Actions.ToString() : $"{row.Actions}; start {row.Start}";
}
