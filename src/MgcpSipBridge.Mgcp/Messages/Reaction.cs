namespace MgcpSipBridge.Mgcp;

/// <summary>What a call agent does about a failed command: RFC 3661's categories, cut to the acts they lead to.</summary>
internal enum Reaction
{
    /// <summary>Nothing helps: tell the caller.</summary>
    Fail,

    /// <summary>The phone's hook is not where the request supposes (401, 402).</summary>
    HookMismatch,

    /// <summary>Temporary: send it again after a while.</summary>
    RetryLater,

    /// <summary>A newer command overtook it (407): send it again only if it is still wanted.</summary>
    Overtaken,

    /// <summary>The gateway has lost its digit map (519): send it again with one.</summary>
    ResendWithMap,

    /// <summary>The gateway cannot do a part of it: do without that part, and remember.</summary>
    DoWithout,

    /// <summary>The message as a whole was not to its taste: simpler ones, if there are any.</summary>
    Simplify,

    /// <summary>Another protocol version (528).</summary>
    OtherVersion,

    /// <summary>The endpoint does not exist or is out of service.</summary>
    OutOfService,

    /// <summary>The connection is gone (515, 516).</summary>
    ConnectionGone,
}

/// <summary>RFC 3435 §2.4's codes, by what is done about them.</summary>
internal static class Reactions
{
    /// <summary>
    /// The reaction to a final response of a gateway. Those of RFC 2705's days may mean a passing lack by 502, 520 and 526, which RFC 3435 has 403, 405 and 404 for
    /// (RFC 3661 §3.2).
    /// </summary>
    public static Reaction To(int code, GatewayTraits traits) => traits.IsOld && code is 502 or 520 or 526 ? Reaction.RetryLater : To(code);

    /// <summary>The reaction to a final response that is no success.</summary>
    public static Reaction To(int code) => MgcpResponseCodes.Normalize(code) switch
    {
        MgcpResponseCodes.OffHook or MgcpResponseCodes.OnHook => Reaction.HookMismatch,
        400 or 403 or 404 or 405 or 406 or 409 => Reaction.RetryLater,
        MgcpResponseCodes.Aborted => Reaction.Overtaken,
        // 520 is the old form of 405; 521 says that it obeys another call agent now, which RFC 3435 §2.4 defines for RSIP only; 531 a trunk group failure (RFC 3661 §2.2: category Service).
        500 or 501 or 502 or 520 or 521 or 529 or 531 => Reaction.OutOfService,
        508 or 512 or 513 or 514 or 518 or 522 or 537 or 538 => Reaction.DoWithout,
        504 or 507 or 510 or 511 or 523 or 539 => Reaction.Simplify,
        MgcpResponseCodes.NoDigitMap => Reaction.ResendWithMap,
        MgcpResponseCodes.BadVersion => Reaction.OtherVersion,
        MgcpResponseCodes.UnknownConnection or MgcpResponseCodes.UnknownCall => Reaction.ConnectionGone,
        _ => Reaction.Fail,
    };
}
