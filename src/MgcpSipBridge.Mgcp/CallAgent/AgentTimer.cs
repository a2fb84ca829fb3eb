namespace MgcpSipBridge.Mgcp;

/// <summary>What a deadline is for.</summary>
internal enum AgentTimerKind
{
    /// <summary>A command without an answer is repeated, or given up. Owner: the transaction.</summary>
    Retransmit,

    /// <summary>A gateway is spoken to for the first time, or asked whether it lives. Owner: the gateway.</summary>
    Contact,

    /// <summary>Answers older than T-HIST are forgotten. Owner: the gateway.</summary>
    ForgetAnswers,

    /// <summary>An endpoint that could not be audited, or is out of service, is audited again. Owner: the endpoint.</summary>
    Audit,

    /// <summary>A NotificationRequest that met a transient error is sent again. Owner: the endpoint's requests.</summary>
    RetryRequest,

    /// <summary>A connection command that met a transient error is sent again. Owner: the command.</summary>
    RetryConnection,

    /// <summary>An EndpointConfiguration that met a transient error is sent again. Owner: the endpoint's configurator.</summary>
    RetryConfiguration,

    /// <summary>An overloaded gateway's pause is over. Owner: the gateway.</summary>
    Throttle,

    /// <summary>The next audits may begin. Owner: the pacer.</summary>
    PaceAudits,

    /// <summary>A question for the hook state that met a transient error is asked again. Owner: the question.</summary>
    AskHook,

    /// <summary>An endpoint that left the configuration is told what it still has to be told. Owner: its farewell.</summary>
    Farewell,

    /// <summary>A final answer of ours that wants 000 is repeated. Owner: the answer.</summary>
    RepeatAnswer,
}

/// <summary>Names a deadline; owners compare by reference.</summary>
internal readonly record struct AgentTimer(AgentTimerKind Kind, object Owner);
