using System.Collections.Immutable;
using static MgcpSipBridge.Sip.RegistrationAction;
using static MgcpSipBridge.Sip.RegistrationInput;
using static MgcpSipBridge.Sip.RegistrationStage;

namespace MgcpSipBridge.Sip;

/// <summary>Where the keeping of one binding stands (RFC 3261 §10.2).</summary>
internal enum RegistrationStage
{
    /// <summary>Nothing to do, nothing sent.</summary>
    Idle,

    /// <summary>The first REGISTER waits for its turn at the peer.</summary>
    Queued,

    /// <summary>REGISTER sent.</summary>
    Asking,

    /// <summary>Bound; the timer runs to the refresh.</summary>
    Bound,

    /// <summary>Bound; the refreshing REGISTER was sent.</summary>
    Refreshing,

    /// <summary>Refused or unanswered; the timer runs to the next attempt.</summary>
    Pausing,

    /// <summary>No longer wanted, but a REGISTER is still out: no other one may be sent before its end (§10.2).</summary>
    Finishing,

    /// <summary>The removing REGISTER waits for its turn.</summary>
    LeavingSoon,

    /// <summary>The removing REGISTER was sent.</summary>
    Leaving,

    /// <summary>Done for good.</summary>
    Gone,
}

/// <summary>What happens to it.</summary>
internal enum RegistrationInput
{
    /// <summary>The account shall be registered, or its credentials changed.</summary>
    Wanted,

    /// <summary>The account shall not be registered any more.</summary>
    Unwanted,

    /// <summary>The timer: a turn, a refresh or a retry is due.</summary>
    Due,

    /// <summary>200.</summary>
    Accepted,

    /// <summary>Another final response.</summary>
    Refused,

    /// <summary>No response, no way there, no address.</summary>
    Unanswered,
}

/// <summary>What the table orders.</summary>
internal enum RegistrationAction
{
    /// <summary>Wait for a turn at the peer.</summary>
    TakeTurn,

    /// <summary>REGISTER with a lifetime.</summary>
    Ask,

    /// <summary>REGISTER with lifetime 0.</summary>
    AskRemoval,

    /// <summary>Set the timer to 80 to 90 % of what was granted.</summary>
    PlanRefresh,

    /// <summary>Set the timer to the next pause, twice as long as the one before.</summary>
    Pause,

    /// <summary>Stop the timer.</summary>
    StopTimer,

    /// <summary>Report Trying.</summary>
    ReportTrying,

    /// <summary>Report Registered.</summary>
    ReportRegistered,

    /// <summary>Report Refused.</summary>
    ReportRefused,

    /// <summary>Report Unreachable.</summary>
    ReportUnreachable,

    /// <summary>Report Off.</summary>
    ReportOff,
}

/// <summary>A row's answer.</summary>
internal readonly record struct RegistrationStep(RegistrationStage Next, ImmutableArray<RegistrationAction> Actions, string? Ignored = null);

/// <summary>The life of one registration. Challenges, 423 and next targets are beneath it.</summary>
internal static class RegistrationTable
{
    public static RegistrationStep Step(RegistrationStage stage, RegistrationInput input) => (stage, input) switch
    {
        (Idle, Wanted) => Go(Queued, ReportTrying, TakeTurn),
        (Idle, Unwanted) => Go(Gone, ReportOff),

        (Queued, Due) => Go(Asking, Ask),
        (Queued, Unwanted) => Go(Gone, StopTimer, ReportOff),

        (Asking, Accepted) => Go(Bound, PlanRefresh, ReportRegistered),
        (Asking, Refused) => Go(Pausing, Pause, ReportRefused),
        (Asking, Unanswered) => Go(Pausing, Pause, ReportUnreachable),
        (Asking, Unwanted) => Go(Finishing),

        (Bound, Due) => Go(Refreshing, Ask),
        (Bound, Unwanted) => Go(LeavingSoon, StopTimer, TakeTurn),

        (Refreshing, Accepted) => Go(Bound, PlanRefresh),
        (Refreshing, Refused) => Go(Pausing, Pause, ReportRefused),
        (Refreshing, Unanswered) => Go(Pausing, Pause, ReportUnreachable),
        (Refreshing, Unwanted) => Go(Finishing),

        (Pausing, Due) => Go(Asking, Ask),
        // What was refused or unanswered is not asked for once more only to be taken back; a binding that may be left runs out.
        (Pausing, Unwanted) => Go(Gone, StopTimer, ReportOff),
        // New credentials deserve a try at once.
        (Pausing, Wanted) => Go(Queued, StopTimer, ReportTrying, TakeTurn),

        (Finishing, Accepted) => Go(LeavingSoon, TakeTurn),
        (Finishing, Refused) => Go(Gone, ReportOff),
        (Finishing, Unanswered) => Go(Gone, ReportOff),

        (LeavingSoon, Due) => Go(Leaving, AskRemoval),
        (Leaving, Accepted) => Go(Gone, ReportOff),
        (Leaving, Refused) => Go(Gone, ReportOff),
        (Leaving, Unanswered) => Go(Gone, ReportOff),

        (Queued or Asking or Bound or Refreshing, Wanted) => Ignore(stage, "on its way; the next REGISTER carries what is new"),
        (Finishing or LeavingSoon or Leaving or Gone, Wanted) => Ignore(stage, "leaves for good; who is wanted again begins anew"),
        (Finishing or LeavingSoon or Leaving or Gone, Unwanted) => Ignore(stage, "leaves already"),
        (Gone, _) => Ignore(stage, "over"),

        _ => new RegistrationStep(stage, [], "cannot happen: no REGISTER is out, or no timer runs"),
    };

    private static RegistrationStep Go(RegistrationStage next, params ImmutableArray<RegistrationAction> actions) => new(next, actions);

    private static RegistrationStep Ignore(RegistrationStage stage, string why) => new(stage, [], why);
}
