namespace MgcpSipBridge.Sip;

/// <summary>Request methods that this stack tells apart; a method it does not know is <see cref="Other"/> and keeps its name in the message.</summary>
public enum SipMethod : byte
{
    /// <summary>A method not listed here: 501 (RFC 3261 §21.5.2).</summary>
    Other,

    /// <summary>INVITE (RFC 3261 §13).</summary>
    Invite,

    /// <summary>ACK (RFC 3261 §13, §17.1.1.3).</summary>
    Ack,

    /// <summary>BYE (RFC 3261 §15).</summary>
    Bye,

    /// <summary>CANCEL (RFC 3261 §9).</summary>
    Cancel,

    /// <summary>OPTIONS (RFC 3261 §11).</summary>
    Options,

    /// <summary>REGISTER (RFC 3261 §10).</summary>
    Register,

    /// <summary>PRACK (RFC 3262).</summary>
    Prack,

    /// <summary>UPDATE (RFC 3311).</summary>
    Update,

    /// <summary>INFO (RFC 6086).</summary>
    Info,

    /// <summary>REFER (RFC 3515).</summary>
    Refer,

    /// <summary>SUBSCRIBE (RFC 6665).</summary>
    Subscribe,

    /// <summary>NOTIFY (RFC 6665).</summary>
    Notify,

    /// <summary>MESSAGE (RFC 3428).</summary>
    Message,

    /// <summary>PUBLISH (RFC 3903).</summary>
    Publish,
}

/// <summary>Names of methods. They are case-sensitive (RFC 3261 §7.1).</summary>
public static class SipMethods
{
    private static readonly string[] Names =
    [
        "other", "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "UPDATE", "INFO", "REFER", "SUBSCRIBE", "NOTIFY",
        "MESSAGE", "PUBLISH",
    ];

    /// <summary>The method's name; <c>other</c> for <see cref="SipMethod.Other"/> (a tag for notes, never written to the wire).</summary>
    public static string NameOf(SipMethod method) => Names[(int)method];

    /// <summary>The method of that name, or <see cref="SipMethod.Other"/>.</summary>
    public static SipMethod Parse(ReadOnlySpan<byte> name) => name switch
    {
        _ when name.SequenceEqual("INVITE"u8) => SipMethod.Invite,
        _ when name.SequenceEqual("ACK"u8) => SipMethod.Ack,
        _ when name.SequenceEqual("BYE"u8) => SipMethod.Bye,
        _ when name.SequenceEqual("CANCEL"u8) => SipMethod.Cancel,
        _ when name.SequenceEqual("OPTIONS"u8) => SipMethod.Options,
        _ when name.SequenceEqual("REGISTER"u8) => SipMethod.Register,
        _ when name.SequenceEqual("PRACK"u8) => SipMethod.Prack,
        _ when name.SequenceEqual("UPDATE"u8) => SipMethod.Update,
        _ when name.SequenceEqual("INFO"u8) => SipMethod.Info,
        _ when name.SequenceEqual("REFER"u8) => SipMethod.Refer,
        _ when name.SequenceEqual("SUBSCRIBE"u8) => SipMethod.Subscribe,
        _ when name.SequenceEqual("NOTIFY"u8) => SipMethod.Notify,
        _ when name.SequenceEqual("MESSAGE"u8) => SipMethod.Message,
        _ when name.SequenceEqual("PUBLISH"u8) => SipMethod.Publish,
        _ => SipMethod.Other,
    };
}
