package Test::Nginx::DNS::Hostile::Server;

# A name server, over UDP and TCP on one port, that answers late, twice, cut,
# forged, in parts or not at all, and closes when it likes.
#
#   run_server($port, $seed)      does not return

use warnings;
use strict;

use Errno qw/ EAGAIN EWOULDBLOCK /;
use Exporter qw/ import /;
use IO::Select;
use IO::Socket::IP;
use Time::HiRes qw/ time /;

use Test::Nginx::DNS::Hostile::Message;

our @EXPORT = qw/ run_server /;

use constant MOST => 200;               # connections


sub run_server {
    my ($port, $seed) = @_;

    srand $seed;

    my $udp = IO::Socket::IP->new(Proto => 'udp', LocalHost => '127.0.0.1',
        LocalPort => $port) or die "udp $port: $@\n";
    my $tcp = IO::Socket::IP->new(Proto => 'tcp', LocalHost => '127.0.0.1',
        LocalPort => $port, Listen => 128, ReuseAddr => 1)
        or die "tcp $port: $@\n";

    $_->blocking(0) for $udp, $tcp;

    my $self = bless { udp => $udp, tcp => $tcp, connections => {},
                       later => [], set => IO::Select->new($udp, $tcp) };

    for ( ;; ) {
        for my $socket ($self->{set}->can_read(0.01)) {
            if ($socket == $udp) {
                $self->datagrams();

            } elsif ($socket == $tcp) {
                $self->accept_one();

            } else {
                $self->stream($self->{connections}{fileno $socket});
            }
        }

        $self->late();
        $self->flush($_) for values %{$self->{connections}};
    }
}


sub datagrams {
    my ($self) = @_;

    for (1 .. 64) {
        my $from = $self->{udp}->recv(my $query, 65535) // return;

        for my $m (hostile_answers($query, 0)) {
            if (rand() < 0.1) {
                push @{$self->{later}},
                    [ time() + rand 1.5, $m, $from ];

            } else {
                send $self->{udp}, substr($m, 0, 65000), 0, $from;
            }
        }
    }
}


sub late {
    my ($self) = @_;

    my $now = time();
    my @due = grep { $_->[0] <= $now } @{$self->{later}};

    return if !@due;

    $self->{later} = [ grep { $_->[0] > $now } @{$self->{later}} ];

    send $self->{udp}, substr($_->[1], 0, 65000), 0, $_->[2] for @due;
}


sub accept_one {
    my ($self) = @_;

    my $socket = $self->{tcp}->accept() or return;

    return if keys %{$self->{connections}} >= MOST || rand() < 0.05;

    $socket->blocking(0);
    $self->{connections}{fileno $socket} = {
        socket => $socket, in => '', out => '', end => undef,
        mood => pick(qw/ good good good close slow /),
    };
    $self->{set}->add($socket);
}


sub stream {
    my ($self, $c) = @_;

    return if !$c;

    my $n = sysread $c->{socket}, $c->{in}, 65536, length $c->{in};

    return if !defined $n && ($! == EAGAIN || $! == EWOULDBLOCK);
    return $self->end($c) if !$n;

    while (length $c->{in} >= 2) {
        my $len = unpack 'n', $c->{in};

        last if length $c->{in} < 2 + $len;

        my $query = substr $c->{in}, 2, $len;
        substr($c->{in}, 0, 2 + $len) = '';

        $self->reply($c, $query);
    }
}


sub reply {
    my ($self, $c, $query) = @_;

    return if $c->{end} || length $c->{out} > 4_000_000;

    for my $m (hostile_answers($query, 1)) {
        my $len = rand() < 0.98 ? length $m : int rand 65536;

        $c->{out} .= pack('n', $len) . $m if length $m <= 65535;
    }

    $c->{end} = 1
        if name_of($query) eq 'break' || $c->{mood} eq 'close'
           || rand() < 0.03;

    # in the middle of a message

    substr($c->{out}, int rand length $c->{out}) = ''
        if $c->{end} && length $c->{out} && rand() < 0.3;
}


sub flush {
    my ($self, $c) = @_;

    if ($c->{out} ne '') {
        my $most = $c->{mood} eq 'slow' ? 1 + int rand 2000 : 262144;
        my $n = syswrite $c->{socket}, $c->{out}, $most;

        return $self->end($c)
            if !defined $n && $! != EAGAIN && $! != EWOULDBLOCK;

        substr($c->{out}, 0, $n) = '' if $n;
    }

    $self->end($c) if $c->{end} && $c->{out} eq '';
}


sub end {
    my ($self, $c) = @_;

    $self->{set}->remove($c->{socket});
    delete $self->{connections}{fileno $c->{socket}};
    close $c->{socket};
}


1;
