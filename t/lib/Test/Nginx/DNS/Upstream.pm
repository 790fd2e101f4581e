package Test::Nginx::DNS::Upstream;

# A name server that does what a test tells it, in a process of its own.
#
#   my $u = $t->upstream(8081, sub {
#       my ($query, $state) = @_;
#       return { a => '192.0.2.1' };
#   });
#
# The function runs in the other process, once for each query.  $query is
# what Test::Nginx::DNS::Message::decode() gives, and
#
#   n           how many queries for this name came before this one
#   addr, port  where it came from
#   inflight    how many queries were waiting for their delayed answer
#
# $state is a hash that $u->set(name => value) of the test changes.
#
# It returns a list of actions, each one hash; an empty list drops the
# query.  An action is one datagram:
#
#   a => '192.0.2.1'            an A record, or a list of them
#   ttl => 60                   of that record
#   rcode => 'SERVFAIL'
#   answers, authority, additional
#                               records as for encode()
#   aa, tc, ra, ad, cd => 0|1   flags; ra is set, the others are not
#   flags => 0x8180             all flags at once
#   edns => { ... } | SIZE      an OPT record
#   id => 7                     instead of the query's
#   question => [ name, type, class ] | $bytes
#                               instead of the query's
#   truncate => N               only the first N bytes
#   raw => $bytes               just these bytes, with the query's ID in
#                               front if they begin with "%ID%"
#   delay => 0.2                seconds; other queries do not wait
#   copies => 2                 the datagram is sent that often
#   from => 'elsewhere'         sent from another port
#   close => 1 | 'after'        over TCP: ends the connection, with or
#                               without an answer before
#
# With tcp => 1 it listens on TCP, too; $query->{tcp} says how a query came.
#
# Health checks as they are by default, ". NS", are answered with NOERROR and
# not counted, unless the upstream is made with probes => 1; nor is the search for
# loops, unless with loops => 1.
#
# The test asks:
#
#   $u->count                   all queries
#   $u->count('a.test')         queries for a name
#   $u->names                   { name => count }
#   $u->queries                 list of { time, name, type, id, addr, port,
#                               raw }
#   $u->max_inflight            the most that waited at once
#   $u->accepted                connections
#   $u->reset                   forgets all that
#   $u->set(name => value)
#   $u->stop                    nobody listens on the port any more

use warnings;
use strict;

use IO::Select;
use IO::Socket::IP;
use POSIX qw/ _exit /;
use Socket qw/ AF_UNIX SOCK_STREAM PF_UNSPEC SOL_SOCKET SO_RCVBUF
               inet_aton getnameinfo NI_NUMERICHOST NI_NUMERICSERV /;
use Storable qw/ freeze thaw /;
use Time::HiRes qw/ time /;

use Test::Nginx::DNS::Message qw/ encode decode rcode_code /;


sub new {
    my ($class, $addr, $port, $handler, $probes, $tcp, $loops) = @_;

    # bound here, so that queries are kept from now on

    my $socket = IO::Socket::IP->new(
        Proto => 'udp', LocalHost => $addr, LocalPort => $port)
        or die "cannot bind to $addr:$port: $@\n";

    $socket->setsockopt(SOL_SOCKET, SO_RCVBUF, 4 << 20);

    my $listen;

    if ($tcp) {
        $listen = IO::Socket::IP->new(
            Proto => 'tcp', LocalHost => $addr, LocalPort => $port,
            Listen => 128, ReuseAddr => 1)
            or die "cannot listen on $addr:$port: $@\n";
    }

    socketpair(my $ours, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC)
        or die "socketpair: $!\n";

    my $pid = fork() // die "fork: $!\n";

    if ($pid == 0) {
        close $ours;
        $SIG{$_} = 'DEFAULT' for qw/ INT TERM ALRM __DIE__ /;
        alarm 0;

        eval {
            serve({ addr => $addr, socket => $socket, control => $theirs,
                    handler => $handler, probes => $probes, loops => $loops,
                    state => {},
                    listen => $listen, streams => {} });
        };

        warn $@ if $@;
        _exit($@ ? 1 : 0);
    }

    return bless { pid => $pid, control => $ours, addr => $addr,
                   port => $port, owner => $$ }, $class;
}


sub count { my $self = shift; $self->ask(count => @_) }
sub names { $_[0]->ask('names') }
sub queries { @{$_[0]->ask('queries')} }
sub accepted { $_[0]->ask('accepted') }
sub max_inflight { $_[0]->ask('max_inflight') }
sub reset { $_[0]->ask('reset') }
sub set { my $self = shift; $self->ask(set => @_) }


sub ask {
    my ($self, @request) = @_;

    die "this upstream was stopped\n" if !$self->{pid};

    put($self->{control}, \@request);
    my $reply = get($self->{control})
        // die "upstream $self->{addr}:$self->{port} died\n";

    return $reply->[0];
}


sub stop {
    my ($self) = @_;

    return if !$self->{pid} || $self->{owner} != $$;

    kill 'TERM', $self->{pid};
    waitpid $self->{pid}, 0;
    $self->{pid} = 0;
}


sub DESTROY {
    my ($self) = @_;

    local ($?, $!, $@);
    $self->stop();
}


# from here on: the other process

sub serve {
    my ($s) = @_;

    my $select = IO::Select->new($s->{socket}, $s->{control},
                                 $s->{listen} // ());

    $s->{socket}->blocking(0);
    $s->{queue} = [];
    forget($s);

    for ( ;; ) {
        my $wait = @{$s->{queue}} ? $s->{queue}[0][0] - time() : undef;

        $wait = 0 if defined $wait && $wait < 0;

        for my $fh ($select->can_read($wait)) {
            if ($s->{listen} && $fh == $s->{listen}) {
                my $stream = $fh->accept() // next;
                $select->add($stream);
                $s->{streams}{fileno $stream} = '';
                $s->{accepted}++;

            } elsif (exists $s->{streams}{fileno $fh}) {
                next if stream($s, $fh);
                $select->remove($fh);
                close_stream($s, $fh);

            } elsif ($fh == $s->{control}) {
                my $request = get($fh) // return;
                put($fh, [ answer($s, @$request) ]);

            } else {
                receive($s);
            }
        }

        while (@{$s->{queue}} && $s->{queue}[0][0] <= time()) {
            my (undef, $bytes, $peer, $action) = @{shift @{$s->{queue}}};

            transmit($s, $bytes, $peer, $action);
            $s->{inflight}--;
        }
    }
}


# what came on a connection; false at its end

sub stream {
    my ($s, $fh) = @_;

    sysread $fh, my $bytes, 65536 or return;

    my $buffer = \$s->{streams}{fileno $fh};
    $$buffer .= $bytes;

    while (length $$buffer >= 2) {
        my $len = unpack 'n', $$buffer;

        last if length $$buffer < 2 + $len;
        query($s, substr($$buffer, 2, $len), $fh);
        return if !exists $s->{streams}{fileno $fh // -1};

        substr $$buffer, 0, 2 + $len, '';
    }

    return 1;
}


sub close_stream {
    my ($s, $fh) = @_;

    return if !defined fileno $fh;

    delete $s->{streams}{fileno $fh};
    close $fh;
}


sub forget {
    my ($s) = @_;

    $s->{log} = [];
    $s->{names} = {};
    $s->{inflight} = @{$s->{queue}};
    $s->{max_inflight} = 0;
}


sub answer {
    my ($s, $what, @args) = @_;

    receive($s);                    # what has come before the question

    if ($what eq 'count') {
        return @args ? $s->{names}{lc $args[0]} // 0 : scalar @{$s->{log}};

    } elsif ($what eq 'names') {
        return $s->{names};

    } elsif ($what eq 'accepted') {
        return $s->{accepted} // 0;

    } elsif ($what eq 'max_inflight') {
        return $s->{max_inflight};

    } elsif ($what eq 'queries') {
        return [ map { my %q; @q{qw/ time name type id addr port raw /} = @$_;
                       \%q } @{$s->{log}} ];

    } elsif ($what eq 'reset') {
        forget($s);

    } elsif ($what eq 'set') {
        $s->{state} = { %{$s->{state}}, @args };
    }

    return 1;
}


sub receive {
    my ($s) = @_;

    for (1 .. 100) {
        my $peer = recv($s->{socket}, my $bytes, 65535, 0) // return;

        query($s, $bytes, $peer);
    }
}


# $peer is an address, or a connection

sub query {
    my ($s, $bytes, $peer) = @_;

    # a connection may be gone already

    my $from = ref $peer ? getpeername($peer) // return : $peer;

    {
        my ($err, $addr, $port)
            = getnameinfo($from, NI_NUMERICHOST|NI_NUMERICSERV);
        my $query = decode($bytes) // { raw => $bytes, id => 0, flags => 0 };
        my $name = $query->{qname} // '';

        # of health checks, and of the search for loops

        if (!$s->{probes} && $name eq '.' && $query->{qtype} eq 'NS'
            || !$s->{loops} && $name =~ /^dnsloop-[0-9a-f]{16}\./)
        {
            transmit($s, reply($query, {}), $peer, {});
            next;
        }

        $query->{n} = $s->{names}{$name}++ // 0;
        @$query{qw/ addr port inflight tcp /}
            = ($addr, $port, $s->{inflight}, ref $peer ? 1 : 0);

        push @{$s->{log}}, [ time(), $name, $query->{qtype} // '',
                             $query->{id}, $addr, $port, $bytes ];

        for my $action ($s->{handler}->($query, $s->{state})) {
            my $reply = reply($query, $action);

            if (!$action->{delay}) {
                transmit($s, $reply, $peer, $action);
                next;
            }

            $s->{max_inflight} = $s->{inflight}
                if ++$s->{inflight} > $s->{max_inflight};

            enqueue($s->{queue}, [ time() + $action->{delay}, $reply, $peer,
                                   $action ]);
        }
    }
}


# mostly equal delays: the place is nearly always at the end

sub enqueue {
    my ($queue, $item) = @_;

    my $i = @$queue;

    $i-- while $i > 0 && $queue->[$i - 1][0] > $item->[0];

    splice @$queue, $i, 0, $item;
}


sub reply {
    my ($query, $action) = @_;

    my %a = %$action;
    my $id = $a{id} // $query->{id};

    if (defined $a{raw}) {
        (my $bytes = $a{raw}) =~ s/^%ID%/pack 'n', $id/e;
        return $bytes;
    }

    my $flags = $a{flags}
        // 0x8000 | $query->{flags} & 0x7900 | ($a{ra} // 1) << 7
           | ($a{aa} // 0) << 10 | ($a{tc} // 0) << 9 | ($a{ad} // 0) << 5
           | ($a{cd} // $query->{cd} // 0) << 4;

    my @answers = @{$a{answers} // []};

    # the name is a pointer to that of the question

    if (defined $a{a}) {
        push @answers, pack('n3Nn/a*', 0xc00c, 1, 1, $a{ttl} // 60,
                            inet_aton($_))
            for ref $a{a} ? @{$a{a}} : $a{a};
    }

    my $bytes = encode(
        id => $id, flags => $flags, rcode => rcode_code($a{rcode} // 0),
        question => $a{question} // $query->{question},
        answers => \@answers, authority => $a{authority},
        additional => $a{additional}, edns => $a{edns});

    return defined $a{truncate} ? substr $bytes, 0, $a{truncate} : $bytes;
}


sub transmit {
    my ($s, $bytes, $peer, $action) = @_;

    my $socket = $s->{socket};

    if (ref $peer) {
        local $SIG{PIPE} = 'IGNORE';

        return if !defined fileno $peer;

        if (!$action->{close} || $action->{close} eq 'after') {
            syswrite $peer, pack 'n/a*', $bytes for 1 .. $action->{copies} // 1;
        }

        $peer->shutdown(2) if $action->{close};
        return;
    }

    if ($action->{from}) {
        $s->{elsewhere} //= IO::Socket::IP->new(
            Proto => 'udp', LocalHost => $s->{addr}, LocalPort => 0);
        $socket = $s->{elsewhere};
    }

    for (1 .. $action->{copies} // 1) {
        send $socket, $bytes, 0, $peer;
    }
}


sub put {
    my ($fh, $data) = @_;

    my $bytes = pack 'N/a*', freeze($data);

    while ($bytes ne '') {
        my $n = syswrite($fh, $bytes) // die "control socket: $!\n";
        substr $bytes, 0, $n, '';
    }
}


sub get {
    my ($fh) = @_;

    my $read = sub {
        my ($want) = @_;
        my $bytes = '';

        while (length $bytes < $want) {
            my $n = sysread $fh, $bytes, $want - length $bytes, length $bytes;
            return undef if !$n;
        }

        return $bytes;
    };

    my $len = $read->(4) // return undef;

    return thaw($read->(unpack 'N', $len) // return undef);
}


1;
