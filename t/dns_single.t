#!/usr/bin/perl

# Tests for datagrams that come one by one, which are read and sent by calls for
# one: what comes then, in a burst, too long, or as an error, is as ever.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw/ sleep time /;

my $t = Test::Nginx::DNS->new()->plan(9);

$t->write_stream(<<'EOF_CONF');
dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

dns_upstream closed {
    server        127.0.0.1:%%PORT_8082%%;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  test u;
    dns_forward  closed.test closed;
}

server {
    listen       %%PORT_8054%% udp;
    dns_forward  test u;
}
EOF_CONF

$t->upstream(8081, sub { return { a => '192.0.2.1' } });
$t->run();

my $port = $t->port(8053);

for my $name (qw/ 8053 8054 /) {
    is(one_by_one($t->port($name)), 40, "one by one, $name");
    is(burst($t->port($name), 100), 100, 'then a hundred at once');
}

# octets behind the message are none of a query, and what is cut is not read

one_by_one($port);

my $s = client($port);
$s->send(query(1, 'long.test') . ("\0" x 4000));

my $cut = answer($s);

$s = client($port);
$s->send(query(1, 'long.test') . ("\0" x 1000));

is($cut, answer($s), 'longer than what is read');
is(unpack('x3C', $cut // '') & 15, 1, 'FORMERR');

# the error of a port that is closed is fetched, and does not come again

one_by_one($port);
is(dns_query($port, 'a.closed.test', 'A')->{rcode}, 'SERVFAIL',
   'a closed port');

my $used = used($t);
sleep 0.5;
cmp_ok(used($t) - $used, '<', 0.2, 'the worker sleeps');

is(one_by_one($port), 40, 'and goes on');

###############################################################################

sub client {
    my ($port) = @_;

    return IO::Socket::INET->new(Proto => 'udp',
                                 PeerAddr => "127.0.0.1:$port") || die "$!\n";
}


sub query {
    my ($id, $name) = @_;

    return pack('n6', $id, 0x0100, 1, 0, 0, 0)
           . join('', map { pack 'C/a', $_ } split(/\./, $name), '')
           . pack('n2', 1, 1);
}


sub answer {
    my ($s) = @_;

    my $answer;

    $s->recv($answer, 4096) if IO::Select->new($s)->can_read(5);

    return $answer;
}


sub one_by_one {
    my ($port) = @_;

    my $s = client($port);
    my $n = 0;

    for my $id (1 .. 40) {
        $s->send(query($id, "one$id.test"));
        my $answer = answer($s) // last;
        $n += unpack('n', $answer) == $id && unpack('x6n', $answer) == 1;
    }

    return $n;
}


sub burst {
    my ($port, $n) = @_;

    my $s = client($port);
    my %ids;

    $s->send(query($_, "burst$_.test")) for 1 .. $n;

    while (keys %ids < $n) {
        my $answer = answer($s) // last;
        $ids{unpack 'n', $answer} = 1 if unpack('x6n', $answer) == 1;
    }

    return scalar keys %ids;
}


# seconds of processor time that the worker has used

sub used {
    my ($t) = @_;

    my ($master) = $t->read_file('nginx.pid') =~ /(\d+)/;

    open my $fh, '<', "/proc/$master/task/$master/children" or die "$!\n";
    my ($worker) = split ' ', <$fh>;

    open $fh, '<', "/proc/$worker/stat" or die "$!\n";
    my @f = split ' ', <$fh> =~ s/.*\) //r;

    return ($f[11] + $f[12]) / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}

###############################################################################
