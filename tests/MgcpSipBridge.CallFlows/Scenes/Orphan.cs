using System.Text;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>What an earlier call agent left behind.</summary>
internal static class Orphan
{
    /// <summary>A connection that nobody owns any more.</summary>
    public static ReadOnlyMemory<byte> Create { get; } =
        Encoding.UTF8.GetBytes("CRCX 900000001 aaln/1@gw1.example.net MGCP 1.0\r\nC: DEAD\r\nM: inactive\r\n");

    /// <summary>The answer to the RSIP that is under way.</summary>
    public static ReadOnlyMemory<byte> Bytes(string format, SimulatedGateway gateway) =>
        Encoding.UTF8.GetBytes(string.Format(System.Globalization.CultureInfo.InvariantCulture, format, gateway.PendingTransactions.Single()));
}
