using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>Somebody at a phone of the PBX who has called a line.</summary>
internal sealed class Caller(House house, PeerCall call)
{
    public PeerCall Call { get; } = call;

    public Caller HearsRinging(double within = 1)
    {
        Assert.True(house.World.RunUntil(() => Call.State == PeerCallState.Ringing, TimeSpan.FromSeconds(within)), $"the call is {Call.State} {Call.FinalStatus}{Trouble}");
        return this;
    }

    public Caller IsAnswered(double within = 2)
    {
        Assert.True(house.World.RunUntil(() => Call.State == PeerCallState.Talking, TimeSpan.FromSeconds(within)), $"the call is {Call.State} {Call.FinalStatus}{Trouble}");
        return this;
    }

    public Caller IsRefusedWith(int status, double within = 2)
    {
        Assert.True(house.World.RunUntil(() => Call.State == PeerCallState.Ended, TimeSpan.FromSeconds(within)), $"the call is {Call.State}{Trouble}");
        Assert.Equal(status, Call.FinalStatus);
        return this;
    }

    public Caller HangsUp()
    {
        house.World.Ladder?.Act("pbx", "the caller hangs up", house.World.Now);
        Call.HangUp(house.World.Now);
        house.World.Settle();
        return this;
    }

    public Caller IsOver(double within = 2)
    {
        Assert.True(house.World.RunUntil(() => Call.State == PeerCallState.Ended, TimeSpan.FromSeconds(within)), $"the call is {Call.State}{Trouble}");
        return this;
    }

    private string Trouble => house.Trouble;
}
