#!/usr/bin/perl

# Tests for zone transfers: AXFR (RFC 5936) and IXFR (RFC 1995).

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ decode /;
use Test::Nginx::DNS::Stream;

use Time::HiRes qw/ sleep /;

my $t = Test::Nginx::DNS->new()->plan(46);

$t->write_stream(<<'EOF_CONF');
dns_cache_zone        zone=c:1m;
dns_cache             c;
dns_upstream_timeout  500ms;
dns_nsid              ns1;

log_format  f  '$dns_qname $dns_qtype $dns_rcode $dns_answers '
               '$dns_upstream_tries "$dns_error"';
access_log  %%TESTDIR%%/dns.log f;

dns_upstream one {
    server        127.0.0.1:%%PORT_8081%% max_fails=0;
    health_check  off;
}

dns_upstream two {
    sequential;
    server        127.0.0.1:%%PORT_8081%% max_fails=0;
    server        127.0.0.1:%%PORT_8082%%;
    health_check  off;
}

dns_upstream closed {
    sequential;
    server        127.0.0.1:%%PORT_8089%%;
    server        127.0.0.1:%%PORT_8082%%;
    health_check  off;
}

server {
    listen             127.0.0.1:%%PORT_8053%% udp;
    listen             127.0.0.1:%%PORT_8053%%;
    dns_forward        one.test one;
    dns_forward        two.test two;
    dns_forward        closed.test closed;
    dns_client_timeout 2s;
}
EOF_CONF

# a zone as messages: a number is an SOA of that serial, a word an A record

sub soa { "ns.test hm.test $_[0] 3600 600 86400 300" }

sub zone {
    my ($query, @messages) = @_;

    my $n = 0;

    return map {
        { answers => [ map { /^\d+$/
              ? [ $query->{qname_raw}, 'SOA', 60, soa($_) ]
              : [ "$_.$query->{qname}", 'A', 60, '192.0.2.1' ] } @$_ ],
          aa => 1, $n++ ? (question => '') : () }
    } @messages;
}

# a long one is made once; its messages have no question

my $records = join '', map {
    Test::Nginx::DNS::Message::encode_record("n$_.big.test", 'A', 60,
                                             '192.0.2.1')
} 1 .. 1400;
my @big = ({ raw => '%ID%' . pack('n5', 0x8400, 0, 1400, 0, 0) . $records })
          x 100;

my $u = $t->upstream(8081, sub {
    my ($query) = @_;
    my $name = $query->{qname};

    my @whole = zone($query, [ 7, 'a' ], [ qw/ b c / ], [ 'd', 7 ]);

    return { a => '192.0.2.9' } if $query->{qtype} eq 'A';
    return @whole if $name =~ /^plain/;
    return { rcode => 'REFUSED' } if $name =~ /^refused/;
    return { rcode => 'NOTAUTH' } if $name =~ /^notauth/;
    return { %{$whole[0]}, close => 1 } if $name =~ /^close/;
    return () if $name =~ /^silent/;
    return ($whole[0], { %{$whole[1]}, close => 'after' }) if $name =~ /^breaks/;
    return ($whole[0]) if $name =~ /^stops/;
    return ($whole[0], { %{$whole[1]}, id => $query->{id} ^ 1 })
        if $name =~ /^id/;
    return ($whole[0], { %{$whole[1]}, question => [ 'other.test', 'AXFR' ] })
        if $name =~ /^question/;
    return ({ %{$whole[0]}, id => $query->{id} ^ 1 }) if $name =~ /^first/;
    return zone($query, [ 'a', 7 ]) if $name =~ /^nosoa/;
    return zone($query, [ 7, 'a' ], [ 'b', 8 ]) if $name =~ /^serial/;
    return zone($query, [ 7, 'a' ], [ 7, 'b' ]) if $name =~ /^after/;
    return zone($query, [ 7, 5, 'x', 7, 'y' ], [ 7 ]) if $name =~ /^diff/;
    return zone($query, [ 7 ]) if $name =~ /^current/;
    return zone($query, [ 7, 'a' ], [ 7 ]) if $name =~ /^axfr/;

    return zone($query, [ 7 ]), @big, zone($query, [ 7 ]) if $name =~ /^big/;

    return { edns => 1232, %{$whole[0]} }, @whole[1, 2] if $name =~ /^opt/;

    return ();
}, tcp => 1);

my $v = $t->upstream(8082, sub { zone($_[0], [ 9, 'second', 9 ]) }, tcp => 1);

$t->run();

my $port = $t->port(8053);

# all messages up to the end of one kind or the other: the serials and first
# labels of the records, a "/" between messages

sub transfer {
    my ($name, $type, %o) = @_;

    my $s = dns_connect($port);
    my $end = delete $o{end} // 10;

    $s->send([ $name, $type, id => 77, %o ]);

    my @got;

    while (@got < $end) {
        my $r = $s->answer(2) or last;

        return $r->{rcode} if $r->{rcode} ne 'NOERROR';
        return "id $r->{id}" if $r->{id} != 77;

        push @got, join ' ', map {
            $_->{type} eq 'SOA' ? (split ' ', $_->{data})[2]
                                : ($_->{name} =~ /^([^.]+)/)[0]
        } @{$r->{answers}};
    }

    return join(' / ', @got) . ($s->closed(0.01) ? ' closed' : '');
}

sub ixfr {
    my ($name, $serial, %o) = @_;

    return transfer($name, 'IXFR', %o,
                    authority => [ [ $name, 'SOA', 60, soa($serial) ] ]);
}

my $r;

# AXFR

is(transfer('plain.one.test', 'AXFR', end => 3), '7 a / b c / d 7', 'AXFR');

my $s = dns_connect($port);
$s->send([ 'Plain.ONE.test', 'AXFR', id => 5 ]);
$r = $s->answer();
is($r->{id}, 5, 'id');
is($r->{qname_raw}, 'Plain.ONE.test', 'letter case');
is($r->{aa}, 1, 'AA');
is($r->{edns}, undef, 'no OPT');
$s->answer() for 1, 2;

$s->send([ 'a.one.test', 'A' ]);
is($s->answer()->{answers}[0]{data}, '192.0.2.9', 'a query after it');

my @ids = $s->send([ 'plain.one.test', 'AXFR' ], [ 'b.one.test', 'A' ]);
my %seen;
$seen{$s->answer()->{id}}++ for 1 .. 4;
is_deeply(\%seen, { $ids[0] => 3, $ids[1] => 1 }, 'a query beside it');

$s->send([ 'plain.one.test', 'AXFR',
           edns => { size => 1232, options => [ [ 3, '' ] ] } ]);
$r = $s->answer();
is($r->{edns}{options}[0][1], 'ns1', 'an OPT, with NSID');
is($s->answer()->{edns}, undef, 'in the first message');
$s->answer();

is(transfer('opt.one.test', 'AXFR', end => 3), '7 a / b c / d 7',
   'an OPT that was not asked for is left out');

my ($q) = map { decode($_->{raw}) } grep { $_->{name} eq 'plain.one.test' }
          $u->queries();
is($q->{edns}, undef, 'sent without an OPT');
is($q->{rd}, 0, 'and without RD');

# each is asked for: nothing is stored

$u->reset();
transfer('plain.one.test', 'AXFR', end => 3) for 1, 2;
is($u->count('plain.one.test'), 2, 'not stored');

# over UDP

is(dns_query($port, 'plain.one.test', 'AXFR')->{rcode}, 'REFUSED', 'UDP');
is(dns_query($port, 'plain.elsewhere', 'AXFR', proto => 'tcp')->{rcode},
   'REFUSED', 'no zone');

# another server, and none

is(transfer('refused.two.test', 'AXFR', end => 1), '9 second 9', 'refused');
is(transfer('close.two.test', 'AXFR', end => 1), '9 second 9', 'closed');
is(transfer('silent.two.test', 'AXFR', end => 1), '9 second 9', 'silent');
is(transfer('first.two.test', 'AXFR', end => 1), '9 second 9', 'another ID');
is(transfer('nosoa.two.test', 'AXFR', end => 1), '9 second 9', 'no SOA');
is(transfer('plain.closed.test', 'AXFR', end => 1), '9 second 9',
   'port is closed');
is(transfer('notauth.one.test', 'AXFR'), 'NOTAUTH', 'an rcode is passed on');
is(transfer('refused.one.test', 'AXFR'), 'REFUSED', 'REFUSED, too');
is(transfer('silent.one.test', 'AXFR'), 'SERVFAIL', 'no other server');
is(dns_query($port, 'silent.one.test', 'AXFR', proto => 'tcp',
             edns => 1232)->{ede}{code}, 22, 'Extended DNS Error');

# broken off

is(transfer('breaks.two.test', 'AXFR'), '7 a / b c closed', 'breaks off');
is(transfer('stops.two.test', 'AXFR'), '7 a closed', 'stops');
is(transfer('id.two.test', 'AXFR'), '7 a closed', 'another ID');
is(transfer('question.two.test', 'AXFR'), '7 a closed', 'another question');
is(transfer('serial.two.test', 'AXFR'), '7 a closed', 'another serial');
is(transfer('after.two.test', 'AXFR'), '7 a closed', 'more after its end');

# IXFR

is(ixfr('diff.one.test', 5, end => 2), '7 5 x 7 y / 7', 'IXFR');
is(ixfr('current.one.test', 7, end => 1), '7', 'up to date');
is(ixfr('axfr.one.test', 5, end => 2), '7 a / 7', 'as AXFR');
is(transfer('diff.one.test', 'IXFR'), 'FORMERR', 'without an SOA');

($q) = map { decode($_->{raw}) } grep { $_->{name} eq 'diff.one.test' }
       $u->queries();
is((split ' ', $q->{authority}[0]{data})[2], 5, 'the serial is sent on');

# a client that reads late, and one that does not

$s = dns_connect($port, rcvbuf => 4096);
$s->send([ 'big.one.test', 'AXFR' ]);
sleep 0.5;
my $n = 0;

# the count of the header alone: it must not be too slow itself

while (my $r = $s->message()) {
    $n += unpack 'x6n', $r;
    last if $n == 2 + 100 * 1400;
}

is($n, 2 + 100 * 1400, 'a client that reads late');

$s = dns_connect($port, rcvbuf => 4096);
$s->send([ 'big.one.test', 'AXFR' ]);
ok($t->wait_for(sub { $t->error_log() =~ /client does not read/ }, 10),
   'one that does not is closed');

$s = dns_connect($port, rcvbuf => 4096);
$s->send([ 'big.one.test', 'AXFR' ]);
$s->answer();
$s->close();
ok($t->wait_for(sub { $t->error_log() =~ /broke off after \d+ messages: client/
                          }, 5), 'one that has gone');

is(dns_query($port, 'z.one.test', 'A')->{answers}[0]{data}, '192.0.2.9',
   'and all is well');

$t->stop();

my $log = $t->read_file('dns.log');

like($log, qr/^plain.one.test AXFR NOERROR 6 1 "-"$/m, 'log');
like($log, qr/^refused.two.test AXFR NOERROR 3 2 "-"$/m, 'log of a retry');
like($log, qr/^breaks.two.test AXFR SERVFAIL 4 1 "upstream unreachable"$/m,
     'log of what broke off');
like($log, qr/^serial.two.test AXFR SERVFAIL 2 1 /m, 'log of a wrong end');
like($log, qr/^notauth.one.test AXFR NOTAUTH 0 1 "upstream failed to answer"$/m,
     'log of an rcode');
like($t->error_log(), qr/zone transfer over dns upstream "two" broke off after 2 messages: upstream unreachable/, 'error log');
