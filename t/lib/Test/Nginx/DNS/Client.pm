package Test::Nginx::DNS::Client;

# The asking side of the tests.
#
#   dns_query($port, $name, $type, %options)
#
# sends one query and returns what Test::Nginx::DNS::Message::decode() makes
# of the reply, or undef after the timeout.  Options:
#
#   timeout => 3            seconds
#   addr => '127.0.0.1'     whom to ask
#   from => '127.0.0.5'     from which address
#   proto => 'tcp' | 'tls'  instead of UDP, on a connection of its own
#   id, class, opcode
#   rd => 1, cd, ad, do     do implies edns
#   flags => 0x0100         all flags at once
#   edns => SIZE | { size, version, do, options => [ [ code, data ] ] }
#   question => $bytes, qdcount => N, answers, authority, additional
#                           see encode()
#
#   dns_raw($port, $bytes, %options)
#
# sends these bytes and returns the bytes that come back, or undef.
#
#   dns_bulk($port, $count, %options)
#
# sends many queries and counts the replies by what they say: an address,
# or else the name of the rcode, NODATA, BADQUESTION, GARBAGE; queries
# without a reply are counted as TIMEOUT:
#
#   { '192.0.2.1' => 500, SERVFAIL => 1 }
#
#   window => 50            so many are under way at once
#   sockets => 8            they are spread over
#   name => 'a.test' | sub { my ($i) = @_; ... }
#                           default: qI.example.com, all different
#   each => sub { my ($i, $what, $bytes, $seconds) = @_ }
#                           called for each reply
#   from => [ addresses ]   of the sockets
#   type, timeout, addr, rd
#
#   sleep_until($time)
#
# sleeps until then, if it is not over: a machine may stand still between a look
# at the clock and sleep(), which does not take what is less than nothing.

use warnings;
use strict;

use Exporter qw/ import /;
use IO::Select;
use IO::Socket::IP;
use Socket qw/ SOL_SOCKET SO_RCVBUF /;
use Time::HiRes qw/ sleep time /;

use Test::Nginx::DNS::Message qw/ encode decode encode_question rcode_name /;
use Test::Nginx::DNS::Stream;

our @EXPORT = qw/ dns_query dns_raw dns_bulk sleep_until /;


sub dns_query {
    my ($port, $name, $type, %o) = @_;

    my %edns = ref $o{edns} ? %{$o{edns}} : $o{edns} ? (size => $o{edns}) : ();

    $edns{do} = 1 if $o{do};

    my $flags = $o{flags}
        // ($o{opcode} // 0) << 11 | ($o{rd} // 1) << 8 | ($o{ad} // 0) << 5
           | ($o{cd} // 0) << 4;

    my $id = $o{id} // int rand 65536;

    my $bytes = encode(
        id => $id, flags => $flags, qdcount => $o{qdcount},
        question => $o{question} // [ $name, $type // 'A', $o{class} ],
        answers => $o{answers}, authority => $o{authority},
        additional => $o{additional}, edns => %edns ? \%edns : undef);

    my $reply = dns_raw($port, $bytes, %o) // return undef;

    return decode($reply);
}


sub dns_raw {
    my ($port, $bytes, %o) = @_;

    if ($o{proto} && $o{proto} ne 'udp') {
        my $stream = dns_connect($port, %o, tls => $o{proto} eq 'tls');

        $stream->write(frame($bytes));

        return $stream->message($o{timeout});
    }

    my $socket = connected($port, %o);
    my $end = time() + ($o{timeout} // 3);

    $socket->send($bytes);

    my $left = $end - time();

    return undef if !IO::Select->new($socket)->can_read($left);
    return undef if !defined $socket->recv(my $reply, 65535);

    return $reply;
}


sub connected {
    my ($port, %o) = @_;

    return IO::Socket::IP->new(
        Proto => 'udp', PeerHost => $o{addr} // '127.0.0.1',
        PeerPort => $port, $o{from} ? (LocalHost => $o{from}) : ())
        // die "cannot make a socket for port $port: $@\n";
}


sub dns_bulk {
    my ($port, $count, %o) = @_;

    my $window = $o{window} // 50;
    my $timeout = $o{timeout} // 5;
    my $type = $o{type} // 'A';
    my $name = $o{name} // sub { "q$_[0].example.com" };
    my @from = ref $o{from} ? @{$o{from}} : $o{from} // ();

    my @sockets = map {
        my $socket = connected($port, %o, from => $from[$_ % (@from || 1)]);

        $socket->blocking(0);
        $socket->setsockopt(SOL_SOCKET, SO_RCVBUF, 1 << 20);
        $socket;
    } 0 .. ($o{sockets} // 8) - 1;

    my %index = map { fileno($sockets[$_]) => $_ } 0 .. $#sockets;
    my $select = IO::Select->new(@sockets);
    my $header = pack 'n5', ($o{rd} // 1) << 8, 1, 0, 0, 0;

    # what is under way, by socket and ID; the oldest first in @sent, from
    # which answered queries are dropped when their turn comes

    my (%pending, %result, @sent);
    my $next = 0;

    while ($next < $count || %pending) {

        while ($next < $count && keys %pending < $window) {
            my $n = $next % @sockets;
            my $id = $next / @sockets % 65536;
            my $question
                = encode_question(ref $name ? $name->($next) : $name, $type);

            my $key = $n << 16 | $id;
            my $now = time();

            $pending{$key} = [ $next, $question, $now ];
            push @sent, [ $key, $next, $now ];
            $sockets[$n]->send(pack('n', $id) . $header . $question);
            $next++;
        }

        my @ready = $select->can_read(0.05);

        for my $socket (@ready) {
            my $n = $index{fileno $socket};

            while (defined recv $socket, my $bytes, 65535, 0) {
                next if length $bytes < 2;

                my $query = delete $pending{$n << 16 | unpack 'n', $bytes};

                if (!$query) {
                    $result{UNEXPECTED}++;
                    next;
                }

                my $what = summary($bytes, $query->[1]);

                $result{$what}++;
                $o{each}->($query->[0], $what, $bytes, time() - $query->[2])
                    if $o{each};
            }
        }

        my $now = time();

        while (@sent) {
            my ($key, $i, $when) = @{$sent[0]};

            if ($pending{$key} && $pending{$key}[0] == $i) {
                last if $now - $when < $timeout;

                delete $pending{$key};
                $result{TIMEOUT}++;
            }

            shift @sent;
        }
    }

    return \%result;
}


# What a reply says; the usual ones are told without decoding all of them.

sub summary {
    my ($bytes, $question) = @_;

    return 'GARBAGE' if length $bytes < 12;

    my (undef, $flags, $qd, $an) = unpack 'n4', $bytes;
    my $len = length $question;

    return 'BADQUESTION' if $qd != 1 || substr($bytes, 12, $len) ne $question;
    return rcode_name($flags & 15) if $flags & 15;
    return 'TC' if $flags & 0x0200;
    return 'NODATA' if $an == 0;

    if ($an == 1) {
        my ($pointer, $type, undef, undef, $rdlen, @octets)
            = unpack 'x' . (12 + $len) . ' nnnNnC4', $bytes;

        return join '.', @octets
            if ($pointer & 0xc000) == 0xc000 && $type == 1 && $rdlen == 4;
    }

    my $m = decode($bytes);

    return 'GARBAGE' if !$m;

    my ($address) = grep { $_->{type} =~ /^A/ } @{$m->{answers}};

    return $address ? $address->{data} : 'NODATA';
}


sub sleep_until {
    my ($time) = @_;

    my $rest = $time - time();

    sleep $rest if $rest > 0;
}


1;
