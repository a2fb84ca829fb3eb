namespace MgcpSipBridge.Calls;

/// <summary>What an analog line is doing. Immutable; replaced whole by <see cref="CallMachine.Step"/>.</summary>
public abstract record CallState
{
    private CallState()
    {
    }

    /// <summary>The call that this state belongs to; null when there is none.</summary>
    public virtual Call? Current => null;

    /// <summary>A state prints what it is made of; the call is among that already.</summary>
    protected virtual bool PrintMembers(System.Text.StringBuilder builder) => false;

    /// <summary>The gateway or the endpoint does not serve.</summary>
    public sealed record OutOfService : CallState
    {
        /// <summary>The only one.</summary>
        public static readonly OutOfService Instance = new();
    }

    /// <summary>On hook, no call.</summary>
    public sealed record Idle : CallState
    {
        /// <summary>The only one.</summary>
        public static readonly Idle Instance = new();
    }

    /// <summary>Off hook; the number is not complete.</summary>
    /// <param name="Call">The call to be.</param>
    /// <param name="Digits">What has been dialled so far.</param>
    public sealed record Dialing(Call Call, string Digits) : CallState
    {
        /// <inheritdoc/>
        public override Call? Current => Call;
    }

    /// <summary>The number is complete; the line's bearer is being made.</summary>
    public sealed record Preparing(Call Call) : CallState
    {
        /// <inheritdoc/>
        public override Call? Current => Call;
    }

    /// <summary>The far end has been called; nothing is heard of it yet.</summary>
    public sealed record Proceeding(Call Call) : CallState
    {
        /// <inheritdoc/>
        public override Call? Current => Call;
    }

    /// <summary>The far end needs more digits than were dialled.</summary>
    /// <param name="Call">The call; its far party is the number so far.</param>
    /// <param name="More">Digits dialled since.</param>
    public sealed record Extending(Call Call, string More) : CallState
    {
        /// <inheritdoc/>
        public override Call? Current => Call;
    }

    /// <summary>The far end rings, or plays something of its own.</summary>
    /// <param name="Call">The call.</param>
    /// <param name="EarlyMedia">Whether the far end is heard; else ringback plays here.</param>
    public sealed record Alerting(Call Call, bool EarlyMedia) : CallState
    {
        /// <inheritdoc/>
        public override Call? Current => Call;
    }

    /// <summary>The phone rings because somebody wants the line to call; lifting it places the call.</summary>
    public sealed record Summoning(Call Call) : CallState
    {
        /// <inheritdoc/>
        public override Call? Current => Call;
    }

    /// <summary>A call has come in; the line's bearer is being made, the phone does not ring yet.</summary>
    public sealed record Presenting(Call Call) : CallState
    {
        /// <inheritdoc/>
        public override Call? Current => Call;
    }

    /// <summary>The phone rings.</summary>
    public sealed record Ringing(Call Call) : CallState
    {
        /// <inheritdoc/>
        public override Call? Current => Call;
    }

    /// <summary>Answered.</summary>
    public sealed record Talking(Call Call) : CallState
    {
        /// <inheritdoc/>
        public override Call? Current => Call;
    }

    /// <summary>The call is over, the phone still off hook, hearing why.</summary>
    public sealed record Releasing(Tone Tone) : CallState;

    /// <summary>The phone was left off the hook: warning, then silence, until it hangs up.</summary>
    public sealed record LeftOffHook(bool Warning) : CallState;
}
