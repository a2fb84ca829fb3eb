using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>What scenes about fax look at.</summary>
internal static class FaxScene
{
    /// <summary>A gateway that has the fax package (RFC 5347).</summary>
    public static readonly GatewayQuirks WithPackage = new() { Packages = ["L", "D", "G", "FXR"] };

    /// <summary>Alice's only connection.</summary>
    public static GatewayConnection Connection(House house) => Assert.Single(house.Alice.Phone.Connections);

    /// <summary>Both ends were told of T.38, and the relay was, too.</summary>
    public static void AssertT38(House house, PeerCall call)
    {
        var connection = Connection(house);
        Assert.True(connection.IsFax, house.Trouble);
        Assert.True(connection.Remote!.IsFax, house.Trouble);
        Assert.True(call.RemoteDescription!.IsFax, house.Trouble);
        var path = house.Bridge.Relay.Find(connection.Remote.Address)!.Value;
        Assert.Equal((true, connection.Local), (path.Gateway!.Udptl, path.Gateway.Rtp));
        Assert.Equal((true, call.LocalMedia), (path.Sip!.Udptl, path.Sip.Rtp));
        Assert.Equal(path.SipSide, call.RemoteDescription.Address);
    }

    /// <summary>Both machines hear one another.</summary>
    public static void AssertFaxPasses(House house, PeerCall call)
    {
        var (heard, sent) = (house.Alice.Phone.FaxReceived, call.FaxReceived);
        house.Waits(2);
        Assert.InRange(house.Alice.Phone.FaxReceived - heard, 60, 101);
        Assert.InRange(call.FaxReceived - sent, 60, 101);
    }
}
