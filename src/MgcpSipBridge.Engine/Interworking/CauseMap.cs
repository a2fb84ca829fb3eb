using MgcpSipBridge.Calls;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <summary>
/// The one table between SIP statuses, Q.850 causes, MGCP codes and the causes of a call. Status to Q.850 follows RFC 3398 §8.2.6.1,
/// Q.850 to status §7.2.4.1; MGCP codes are sorted by RFC 3661's categories. No RFC maps MGCP to SIP; that part is ours.
/// </summary>
internal static class CauseMap
{
    /// <summary>When a gateway that restarts, or has too much to do, may be tried again.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    /// <summary>Why the peer refused, in telephony words. A Q.850 cause from the network says more than the status it travels in.</summary>
    public static CallCause FromSip(SipEnd end) => end.Q850 != 0 && !end.Local ? FromQ850(end.Q850, end.Status) : FromStatus(end.Status);

    /// <summary>Q.850 cause of a final status (RFC 3398 §8.2.6.1); 31 for what the table does not name.</summary>
    /// <param name="status">The status; 0 for BYE and CANCEL.</param>
    /// <param name="rang">Whether it rang before: then 480 says that nobody answered.</param>
    /// <param name="media">Whether a Warning says that the media are not understood: then 488 and 606 are 65.</param>
    public static int Q850OfStatus(int status, bool rang = false, bool media = false) => status switch
    {
        0 => 16,
        400 or 481 or 500 or 503 => 41,
        401 or 402 or 403 or 407 or 603 => 21,
        404 or 485 or 604 => 1,
        405 => 63,
        406 or 415 or 501 => 79,
        408 or 504 => 102,
        410 => 22,
        413 or 414 or 416 or 420 or 421 or 423 or 505 or 513 => 127,
        480 => rang ? 19 : 18,
        482 or 483 => 25,
        484 => 28,
        486 or 600 => 17,
        487 => 16,
        488 or 606 when media => 65,
        502 => 38,
        _ => 31,
    };

    /// <summary>The status that refuses a peer's call for a Q.850 cause (RFC 3398 §7.2.4.1); 480 for 16, which says of a call that is not answered nothing more than that it ends.</summary>
    public static int StatusOfQ850(int cause) => cause switch
    {
        1 or 2 or 3 or 26 => 404,
        16 or 19 or 20 or 31 => 480,
        17 => 486,
        18 => 408,
        21 or 55 or 57 or 87 => 403,
        22 or 23 => 410,
        27 => 502,
        28 => 484,
        29 or 79 => 501,
        34 or 38 or 41 or 42 or 47 or 58 or 88 => 503,
        65 or 70 => 488,
        102 => 504,
        _ => 500,
    };

    /// <summary>How a call to a line is refused: status, Q.850 cause and whether a Retry-After helps.</summary>
    public static (int Status, int Q850, TimeSpan? RetryAfter) Refusal(CallCause cause) => cause switch
    {
        CallCause.Busy => (486, 17, null),
        CallCause.NoAnswer => (480, 19, null),
        CallCause.UnknownNumber => (404, 1, null),
        // Never 503 with Retry-After for one line: it would silence the peer for all lines (RFC 3261 §21.5.4).
        CallCause.LineOutOfService or CallCause.Unavailable => (480, 27, null),
        CallCause.LineRestarting => (480, 42, Soon),
        CallCause.Declined => (603, 21, null),
        CallCause.Forbidden => (403, 21, null),
        CallCause.IncompatibleMedia => (488, 65, null),
        CallCause.Congestion => (503, 47, null),
        CallCause.ShuttingDown => (503, 41, null),
        CallCause.BearerFailure => (480, 41, null),
        CallCause.NetworkFailure => (480, 38, null),
        CallCause.Unspecified => (480, 31, null),
        CallCause.NormalClearing => (480, 16, null),
        _ => (500, 41, null),
    };

    /// <summary>
    /// How a call to a line is refused whose gateway is silent or does not serve the endpoint. A peer that takes us for a trunk may then try elsewhere; one that
    /// knows each line as a phone has no elsewhere.
    /// </summary>
    public static (int Status, int Q850, TimeSpan? RetryAfter) Unserved(bool trunk) => (trunk ? 503 : 480, 27, null);

    /// <summary>
    /// How a call to a line is refused when its gateway answered a CRCX or MDCX with <paramref name="code"/>, by RFC 3661's categories; code 0 is silence. Where the
    /// blame is ours, 500 with cause 111 says so. A 503 never says when to come again: that would keep the peer from all lines (RFC 3261 §21.5.4).
    /// </summary>
    public static (int Status, int Q850, TimeSpan? RetryAfter) Refusal(int code, bool trunk) => MgcpResponseCodes.Normalize(code) switch
    {
        0 or 501 => Unserved(trunk),
        400 => (480, 41, Soon),
        401 or 540 => (486, 17, null),
        403 or 404 or 502 or 526 => (503, 47, null),
        405 or 520 => (480, 42, Soon),
        406 => (504, 102, null),
        409 => trunk ? (503, 42, null) : (480, 42, Soon),
        410 => (503, 34, null),
        500 => (404, 1, null),
        504 or 507 or 517 => (500, 79, null),
        505 or 506 or 509 or 524 or 525 or 527 or 532 or 534 or 535 or 541 => (488, 65, null),
        512 or 513 or 518 or 522 or 538 => (480, 27, null),
        521 or 529 or 531 => (503, 38, null),
        407 or 503 or 508 or 510 or 511 or 514 or 516 or 519 or 523 or 528 or 530 or 533 or 536 or 537 or 539 => (500, 111, null),
        _ => (480, 41, null),
    };

    /// <summary>Q.850 cause for BYE and CANCEL (RFC 3326).</summary>
    public static int Q850(CallCause cause) => cause switch
    {
        CallCause.NormalClearing => 16,
        CallCause.AnsweredElsewhere => 26,
        CallCause.NoAnswer => 19,
        CallCause.Busy => 17,
        // Of a call that stood, a restart leaves nothing: only a new one is told to come again (42).
        CallCause.LineOutOfService or CallCause.LineRestarting or CallCause.Unavailable => 27,
        CallCause.BearerFailure or CallCause.ShuttingDown or CallCause.Unattended => 41,
        CallCause.IncompatibleMedia => 65,
        CallCause.Congestion => 47,
        CallCause.NetworkFailure => 38,
        // Recovery on timer expiry.
        CallCause.MediaTimeout => 102,
        _ => 31,
    };

    /// <summary>Why a gateway deleted a connection by itself (E:, RFC 3435 §2.5); 0 when it did not say.</summary>
    public static CallCause FromReason(int code) => code switch
    {
        900 => CallCause.LineOutOfService,
        901 or 904 => CallCause.Unspecified,
        902 or 905 => CallCause.NetworkFailure,
        _ => CallCause.BearerFailure,
    };

    /// <summary>Why a call is sent on, as Diversion and History-Info say it (RFC 5806 §4).</summary>
    public static SipDiversionReason Diversion(ForwardReason why) => why switch
    {
        ForwardReason.Always => SipDiversionReason.Unconditional,
        ForwardReason.Busy => SipDiversionReason.UserBusy,
        ForwardReason.NoAnswer => SipDiversionReason.NoAnswer,
        ForwardReason.DoNotDisturb => SipDiversionReason.DoNotDisturb,
        _ => SipDiversionReason.Unknown,
    };

    /// <summary>What a failed CRCX or MDCX means for its call; code 0 is silence.</summary>
    public static CallCause FromMgcp(int code) => MgcpResponseCodes.Normalize(code) switch
    {
        500 => CallCause.UnknownNumber,
        401 or 540 => CallCause.Busy,
        0 or 501 or 512 or 513 or 518 or 522 or 538 => CallCause.LineOutOfService,
        405 or 520 or 409 => CallCause.LineRestarting,
        403 or 404 or 410 or 502 or 526 => CallCause.Congestion,
        406 or 521 or 529 or 531 => CallCause.NetworkFailure,
        505 or 506 or 509 or 524 or 525 or 527 or 532 or 534 or 535 or 541 => CallCause.IncompatibleMedia,
        _ => CallCause.BearerFailure,
    };

    /// <summary>Whether a refused CRCX may succeed with fewer wishes in L: (RFC 3661's categories RCD and Provisioning for codecs).</summary>
    public static bool IsAboutOptions(int code) => code is 506 or 510 or 511 or 524 or 525 or 532 or 534 or 539 or 541;

    /// <summary>Whether a refused CRCX may succeed with a codec that needs less bandwidth (RFC 3661 §2.2).</summary>
    public static bool IsAboutBandwidth(int code) => code is 404 or 526;

    /// <summary>Whether another peer of the route's list should be tried: this one could not be reached or has no room (RFC 3261 §8.1.3.1, §21.5).</summary>
    public static bool IsReasonToFailOver(SipEnd end) => end.Local || end.Status is 500 or 502 or 503 or 504;

    private static CallCause FromStatus(int status) => status switch
    {
        404 or 604 or 485 => CallCause.UnknownNumber,
        410 => CallCause.NumberChanged,
        401 or 402 or 403 or 407 => CallCause.Forbidden,
        406 or 415 or 488 or 606 => CallCause.IncompatibleMedia,
        408 or 504 or 502 => CallCause.NetworkFailure,
        480 => CallCause.Unavailable,
        482 or 483 => CallCause.Loop,
        484 => CallCause.InvalidNumber,
        486 or 600 => CallCause.Busy,
        503 => CallCause.Congestion,
        603 => CallCause.Declined,
        0 or 487 => CallCause.NormalClearing,
        _ => CallCause.Unspecified,
    };

    private static CallCause FromQ850(int cause, int status) => cause switch
    {
        16 when status is 0 or 487 => CallCause.NormalClearing,
        1 or 2 or 3 or 26 => CallCause.UnknownNumber,
        17 => CallCause.Busy,
        18 or 19 => CallCause.NoAnswer,
        20 => CallCause.Unavailable,
        // RFC 3398 §8.2.6.1 has 21 for credentials refused, too; then the status tells.
        21 => status is 401 or 402 or 403 or 407 ? CallCause.Forbidden : CallCause.Declined,
        22 or 23 => CallCause.NumberChanged,
        25 => CallCause.Loop,
        28 => CallCause.InvalidNumber,
        55 or 57 or 87 => CallCause.Forbidden,
        34 or 42 or 44 or 47 => CallCause.Congestion,
        27 or 38 or 41 or 102 => CallCause.NetworkFailure,
        58 or 65 or 70 or 88 => CallCause.IncompatibleMedia,
        29 or 79 or 111 or 127 => CallCause.Unspecified,
        _ => FromStatus(status),
    };
}
