namespace MgcpSipBridge.Host.Configuration;

/// <summary>Events:…</summary>
internal sealed class EventsSection
{
    [Setting("Events that are kept for readers who are slow or come back.", Min = "16", Max = "10000000")]
    public int Kept { get; set; } = 10_000;

    [Setting("Readers at a time; more are refused.", Min = "1", Max = "100000")]
    public int MaxWatchers { get; set; } = 1000;

    [Setting("After how long without an event a reader is told that all is well.", Min = "100ms", Max = "10m")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(15);
}

/// <summary>Audit:…</summary>
internal sealed class AuditSection
{
    [Setting("Entries of the audit log that are kept; with Storage:Provider None, 1000 of them until the bridge ends.", Min = "100", Max = "10000000")]
    public int Keep { get; set; } = 100_000;
}
