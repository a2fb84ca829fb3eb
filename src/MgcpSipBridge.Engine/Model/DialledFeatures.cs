using MgcpSipBridge.Calls;

namespace MgcpSipBridge.Engine;

/// <summary>A feature as somebody dialled it.</summary>
/// <param name="Was">What was provisioned then: once that is another, what was dialled counts no more.</param>
/// <param name="Is">What was dialled.</param>
public readonly record struct DialledFeature<T>(T Was, T Is);

/// <summary>
/// What was set at a line's phone by service codes, over what is provisioned; null where nothing was. It outlives calls and restarts, and yields to a later change of
/// the same feature's provisioning.
/// </summary>
public sealed record DialledFeatures
{
    /// <summary>Nothing was dialled.</summary>
    public static readonly DialledFeatures None = new();

    /// <summary>Whether calls are refused.</summary>
    public DialledFeature<bool>? DoNotDisturb { get; init; }

    /// <summary>Where all calls go.</summary>
    public DialledFeature<string?>? ForwardAlways { get; init; }

    /// <summary>Where calls go while the line is busy.</summary>
    public DialledFeature<string?>? ForwardBusy { get; init; }

    /// <summary>Where unanswered calls go.</summary>
    public DialledFeature<string?>? ForwardNoAnswer { get; init; }

    /// <summary>The features as they are now.</summary>
    public LineFeatures Over(LineFeatures provisioned)
    {
        ArgumentNullException.ThrowIfNull(provisioned);
        if (this == None) return provisioned;
        return provisioned with
        {
            DoNotDisturb = Over(DoNotDisturb, provisioned.DoNotDisturb),
            ForwardAlways = Over(ForwardAlways, provisioned.ForwardAlways),
            ForwardBusy = Over(ForwardBusy, provisioned.ForwardBusy),
            ForwardNoAnswer = Over(ForwardNoAnswer, provisioned.ForwardNoAnswer),
        };
    }

    /// <summary>Only what still counts, given what is provisioned now, and says something else than that.</summary>
    public DialledFeatures Under(LineFeatures provisioned)
    {
        ArgumentNullException.ThrowIfNull(provisioned);
        var now = Over(provisioned);
        return new DialledFeatures
        {
            DoNotDisturb = now.DoNotDisturb == provisioned.DoNotDisturb ? null : DoNotDisturb,
            ForwardAlways = now.ForwardAlways == provisioned.ForwardAlways ? null : ForwardAlways,
            ForwardBusy = now.ForwardBusy == provisioned.ForwardBusy ? null : ForwardBusy,
            ForwardNoAnswer = now.ForwardNoAnswer == provisioned.ForwardNoAnswer ? null : ForwardNoAnswer,
        };
    }

    /// <summary>What it becomes when a code is dialled.</summary>
    internal DialledFeatures With(ServiceAction action, string number, LineFeatures provisioned) => (action switch
    {
        ServiceAction.DoNotDisturbOn => this with { DoNotDisturb = new(provisioned.DoNotDisturb, true) },
        ServiceAction.DoNotDisturbOff => this with { DoNotDisturb = new(provisioned.DoNotDisturb, false) },
        ServiceAction.ForwardAlwaysOn => this with { ForwardAlways = new(provisioned.ForwardAlways, number) },
        ServiceAction.ForwardAlwaysOff => this with { ForwardAlways = new(provisioned.ForwardAlways, null) },
        ServiceAction.ForwardBusyOn => this with { ForwardBusy = new(provisioned.ForwardBusy, number) },
        ServiceAction.ForwardBusyOff => this with { ForwardBusy = new(provisioned.ForwardBusy, null) },
        ServiceAction.ForwardNoAnswerOn => this with { ForwardNoAnswer = new(provisioned.ForwardNoAnswer, number) },
        ServiceAction.ForwardNoAnswerOff => this with { ForwardNoAnswer = new(provisioned.ForwardNoAnswer, null) },
        _ => this,
    }).Under(provisioned);

    private static T Over<T>(DialledFeature<T>? dialled, T provisioned) =>
        dialled is { } one && EqualityComparer<T>.Default.Equals(one.Was, provisioned) ? one.Is : provisioned;
}
