package Test::Nginx::DNS::Soak;

# Clients of `make soak`: each is a process that asks one query after the other,
# as a stub resolver does, and looks at each answer.
#
#   soak_client('tls', $port, $file, $rate, $hosts)
#
# does not return.  "udp", "tcp", "tls" and "https" ask for names of servers,
# whose addresses follow from the name (bench/dnsup -a), and for a name of a
# hosts file, whose versions are in the file $hosts: "TIME VERSION" lines.
# Each ten seconds, and for what is not as it should be at once, a line is
# written to $file:
#
#   END proto right NUMBER           since the line before
#   END proto again START NAME       no answer to a try: it was asked again
#   END proto closed START NAME      the connection was closed: asked again
#   END proto failed START NAME      SERVFAIL or the like
#   END proto lost START NAME        no answer to four tries
#   END proto wrong START NAME WHAT
#
#   soak_address($name)              what the address of a name is
#   soak_held($port, $n)             so many connections, in an array

use warnings;
use strict;

use Exporter 'import';
use IO::Handle;
use IO::Socket::IP;
use POSIX qw/ _exit /;
use Time::HiRes qw/ sleep time /;

use Test::Nginx::DNS::Client;
use Test::Nginx::DNS::HTTPS qw/ doh_argument /;
use Test::Nginx::DNS::Message qw/ encode decode encode_question /;
use Test::Nginx::DNS::Stream;

our @EXPORT = qw/ soak_client soak_address soak_held /;

use constant {
    TRIES => 4,
    PATIENCE => 3,          # seconds, for a try
    NAMES => 2000,          # that are asked again and again
    QUERIES => 200,         # on a connection, at most
    FRESH => 20,            # seconds in which an older hosts file may count
};

my %try = (udp => \&try_udp, tcp => \&try_stream, tls => \&try_stream,
           https => \&try_https);

my $connection;
my $left = 0;


sub soak_client {
    my ($proto, $port, $file, $rate, $hosts) = @_;

    open my $out, '>', $file or die "$file: $!\n";
    $out->autoflush(1);

    my ($right, $told, $unique, $next) = (0, time(), 0, time());
    my $parent = getppid();

    srand($$);

    while (getppid() == $parent) {
        my $name = rand() < 0.1 ? 'now.host'
            : sprintf '%s%x.%s', rand() < 0.2 ? ("u$$-", ++$unique)
                                     : ('q', rand NAMES),
                      rand() < 0.3 ? 'tls' : 'udp';

        $right += ask($out, $proto, $port, $name, $hosts);

        if (time() - $told >= 10) {
            printf $out "%.3f %s right %d\n", time(), $proto, $right;
            ($right, $told) = (0, time());
        }

        $next += 1 / $rate;
        $next = time() if $next < time() - 1;
        sleep_until($next);
    }

    printf $out "%.3f %s right %d\n", time(), $proto, $right;
    _exit(0);
}


sub ask {
    my ($out, $proto, $port, $name, $hosts) = @_;

    my $start = time();
    my $tell = sub {
        printf $out "%.3f %s %s %.3f %s\n", time(), $proto, shift, shift,
               join ' ', $name, @_;
    };

    for my $n (1 .. TRIES) {
        my $began = time();
        my @before = $name eq 'now.host' ? versions($hosts) : ();
        my $id = int rand 65536;

        my ($r, $closed) = eval {
            local $SIG{ALRM} = sub { die "it hangs\n" };
            alarm 30;
            $try{$proto}->($port, $proto, encode(id => $id, flags => 0x0100,
                question => [ $name, 'A' ]));
        };

        alarm 0;

        if (!$r) {
            undef $connection;
            $tell->($closed || $@ ? 'closed' : 'again', $began);
            sleep 0.05 if $closed || $@;
            next;
        }

        my $m = decode($r);
        my $address = ($m && $m->{answers}[0] // {})->{data} // '';

        if (!$m || $m->{id} != $id
            || $m->{question} ne encode_question($name, 'A'))
        {
            $tell->('wrong', $began, unpack 'H*', $r);
            return 0;
        }

        if ($m->{rcode} ne 'NOERROR') {
            $tell->('failed', $began, $m->{rcode});
            next;
        }

        return 1 if $name eq 'now.host'
            ? grep { $address eq $_ } @before, versions($hosts)
            : $address eq soak_address($name);

        $tell->('wrong', $began, $address);
        return 0;
    }

    $tell->('lost', $start);

    return 0;
}


# FNV-1a of the octets of the name on the wire

sub soak_address {
    my ($name) = @_;

    my $hash = 0x811c9dc5;

    for (unpack 'C*', join '', map { pack 'C/a*', $_ } split /\./, $name) {
        $hash = (($hash ^ $_) * 0x01000193) & 0xffffffff;
    }

    return join '.', unpack 'C4', pack 'N', 10 << 24 | $hash >> 8;
}


# addresses that the name of the hosts file may have now

sub versions {
    my ($file) = @_;

    open my $fh, '<', $file or return ();
    my @lines = map { [ split ] } <$fh>;

    return () if !@lines;

    my @may = pop @lines;

    push @may, pop @lines
        while @lines && time() - $may[-1][0] < FRESH;

    return map { '192.0.2.' . $_->[1] % 250 } @may;
}


sub try_udp {
    my ($port, $proto, $query) = @_;

    my $r = dns_raw($port, $query, timeout => PATIENCE);

    return ($r, 0);
}


sub try_stream {
    my ($port, $proto, $query) = @_;

    if (!$connection || !$left--) {
        $connection = dns_connect($port, tls => $proto eq 'tls');
        $left = int rand QUERIES;
    }

    return (undef, 1) if !$connection || !$connection->write(frame($query));

    my $r = $connection->message(PATIENCE);

    return ($r, !defined $r && $connection->{eof});
}


# RFC 8484, over HTTP/1.1

sub try_https {
    my ($port, $proto, $query) = @_;

    if (!$connection || !$left--) {
        $connection = dns_connect($port, tls => 1);
        $left = int rand QUERIES;
    }

    my $c = $connection;
    my $end = time() + PATIENCE;

    return (undef, 1) if !$c || !$c->write('GET /dns-query?dns='
        . doh_argument($query) . " HTTP/1.1\r\nHost: localhost\r\n\r\n");

    for ( ;; ) {
        if ($c->{in} =~ /^HTTP\/1.1 (\d+) .*?\r\n\r\n/s) {
            my ($status, $head) = ($1, length $&);
            my ($len) = $& =~ /^content-length: (\d+)\r$/mi;
            my $close = $& =~ /^connection: close\r$/mi;

            return (undef, 0) if $status != 200 || !defined $len;

            if (length $c->{in} >= $head + $len) {
                my $r = substr $c->{in}, $head, $len;
                substr($c->{in}, 0, $head + $len) = '';
                undef $connection if $close;

                return ($r, 0);
            }
        }

        $c->read($end) or return (undef, $c->{eof});
    }
}


sub soak_held {
    my ($port, $n) = @_;

    return grep { $_ } map {
        IO::Socket::IP->new(Proto => 'tcp', PeerHost => '127.0.0.1',
                            PeerPort => $port, Timeout => 1)
    } 1 .. $n;
}


1;
