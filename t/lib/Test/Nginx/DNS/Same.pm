package Test::Nginx::DNS::Same;

# Two servers are asked the same, and have to give the same octets, but for the
# ID, and for TTLs by a second, since one may begin meanwhile.
#
#   my $query = drawn_query(@names);
#
# a query of any kind for one of the names, well-formed or not, without an ID.
#
#   is(difference(\@on, \@off, $n, sub { drawn_query(@names) }), '');
#
# asks $n of them over these sockets, a socket of either list for each, WINDOW
# at once.  What gets no answer from one of them alone is asked again.
#
#   same_upstream($t, 8081)
#
# answers for them, as the name and type say: see there.  Names have a number.

use warnings;
use strict;

use Exporter qw/ import /;
use IO::Select;
use Socket qw/ MSG_DONTWAIT /;
use Time::HiRes qw/ time /;

use Test::Nginx::DNS::Message qw/ encode_name type_code /;

our @EXPORT = qw/ difference drawn_query same_upstream /;

use constant {
    WINDOW => 200,
    SILENT => 1,                          # seconds without an answer
    TRIES => 3,
};


sub same_upstream {
    my ($t, $port) = @_;

    my @soa = (authority => [ [ 'test', 'SOA', 30000,
                   'ns.test root.test 1 2 3 4 30000' ] ]);

    return $t->upstream($port, sub {
        my ($query) = @_;
        my $name = $query->{qname};
        my ($n) = $name =~ /(\d{1,3})/;

        $n //= 0;

        my @edns = $query->{edns}
            ? (edns => { size => 1232, $n % 7 == 1
                   ? (options => [ [ 15, pack 'n', 15 ] ]) : () }) : ();

        return { rcode => 'NXDOMAIN', @edns, @soa } if $n % 5 == 1;

        return { @edns, answers => [
                     [ $name, 'TXT', 30000, 'x' x ($n * 17 % 900) ],
                     [ $name, 'TXT', 20000, 'y' ] ] }
            if $query->{qtype} eq 'TXT';

        return { @edns, aa => 1, ad => $n & 1,
                 answers => [ [ $name, 'CNAME', 30000, "to$n.test" ],
                     map { [ "to$n.test", 'A', 29999, "192.0.2.$_" ] }
                         1 .. 1 + $n % 3 ] }
            if $n % 5 == 2;

        return { @edns, @soa } if $query->{qtype} ne 'A';

        return { @edns, ad => $n & 1,
                 a => '192.0.2.' . ($query->{cd} ? 9 : 1), ttl => 30000 };
    });
}


sub difference {
    my ($on, $off, $n, $draw) = @_;

    my $id = 0;
    my (%open, @order);
    my $select = IO::Select->new(@$on, @$off);

    # of a query: what it was, when it was sent, what came, 0 and 1

    while ($n > 0 || %open) {

        while ($n > 0 && @order < WINDOW) {
            $id = ($id + 1) & 0xffff;

            next if $open{$id};

            my $bytes = $draw->();
            my $k = int rand @$on;

            substr $bytes, 0, 2, pack 'n', $id if length $bytes > 1;

            $_->[$k]->send($bytes) for $on, $off;
            $open{$id} = [ $bytes, time ];
            push @order, $id;
            $n--;
        }

        for my $ready ($select->can_read(0.05)) {
            my $which = (grep { $_ == $ready } @$off) ? 1 : 0;

            while (defined $ready->recv(my $reply, 65535, MSG_DONTWAIT)) {
                my $query = $open{length $reply > 1 ? unpack 'n', $reply : -1}
                    or next;

                $query->[2 + $which] = $reply;
            }
        }

        my $now = time;
        my @waiting;

        for my $i (@order) {
            my ($bytes, $sent, @replies) = @{$open{$i}};
            my $both = defined $replies[0] && defined $replies[1];

            if (!$both && $now - $sent < SILENT) {
                push @waiting, $i;
                next;
            }

            delete $open{$i};

            if ($both ? !same(@replies) : @replies > 0) {
                my $text = again($on->[0], $off->[0], $bytes, $i);

                return $text if $text ne '';
            }
        }

        @order = @waiting;
    }

    return '';
}


# alone, and one after the other: what is lost may be had then, and what is in
# the cache anew with other TTLs is so for both

sub again {
    my ($on, $off, $bytes, $id) = @_;

    my ($first, $second);

    for (1 .. TRIES) {
        ($first, $second) = map { ask($_, $bytes, $id) } $on, $off;

        return '' if same($first, $second);
    }

    return unpack('H*', $bytes) . "\n with    " . unpack('H*', $first)
           . "\n without " . unpack('H*', $second) . "\n";
}


# '': there is no answer

sub ask {
    my ($socket, $bytes, $id) = @_;

    my $end = time + SILENT;

    $socket->send($bytes);

    while ((my $left = $end - time) > 0) {
        last if !IO::Select->new($socket)->can_read($left);
        next if !defined $socket->recv(my $reply, 65535, MSG_DONTWAIT);

        return $reply if length $reply > 1 && unpack('n', $reply) == $id;
    }

    return '';
}


sub same {
    my ($on, $off) = @_;

    return 1 if $on eq $off;
    return 0 if length $on != length $off || length $on < 12;

    my ($qd, @more) = unpack 'x4 n4', $on;
    my $pos = 12;

    $pos = name_end($on, $pos) + 4 for 1 .. $qd;

    for (map { 1 .. $_ } @more) {
        $pos = name_end($on, $pos);

        last if $pos + 10 > length $on;

        my ($type, $ttl, $len) = unpack "x$pos n x2 N n", $on;

        substr $on, $pos + 4, 4, substr $off, $pos + 4, 4
            if $type != 41 && abs($ttl - unpack 'N', substr $off, $pos + 4) < 2;

        $pos += 10 + $len;
    }

    return $on eq $off;
}


sub name_end {
    my ($bytes, $pos) = @_;

    for ( ;; ) {
        my $len = $pos < length $bytes ? ord substr $bytes, $pos, 1 : 0;

        return $pos + 1 if $len == 0;
        return $pos + 2 if $len > 63;
        $pos += $len + 1;
    }
}


sub drawn_query {
    my ($name) = pick(@_);

    my $wire = encode_name(rand() < 0.5 ? $name
                           : join '', map { rand() < 0.2 ? uc : $_ }
                                          split //, $name);
    my $type = type_code(pick(qw/ A A A A A AAAA TXT TXT TYPE99 DS MX ANY /));
    my $flags = pick(0x100, 0x100, 0x100, 0, 0x110, 0x120, 0x130, 0x010);
    my $edns = rand() < 0.6 ? drawn_opt() : '';

    my @query = ($flags, 1, 0, 0, $edns ne '' ? 1 : 0, $wire, $type, 1, $edns);

    return message(@query) if rand() < 0.8;

    return faulty(@query);
}


sub drawn_opt {
    my $options = join '', map {
        pick('', '', pack('nn/a*', 12, "\0" x rand 60),
             pack('nn/a*', 12, "\0" x rand 500),
             pack('nn/a*', 10, 'cookie' . int rand 1e5),
             pack('nn/a*', 10, 'c' x rand 45),
             pack('nn/a*', 3, ''), pack('nn/a*', 65001, 'abc'),
             pack('nn/a*', 11, ''), pack('nn/a*', 9, ''),
             pack('nn/a*', 8, "\0\1\x18\0\xc0\0\2"))
    } 1 .. rand 5;

    return pack 'C n n N n/a*', 0, 41,
                pick(0, 511, 512, 600, 1232, 1232, 4096, 65535),
                pick(0, 0, 0x8000, 0x8000, 0x0001, 0x10000, 0x01000000),
                $options;
}


sub faulty {
    my ($flags, $qd, $an, $ns, $ar, $wire, $type, $class, $edns) = @_;

    my @count = ($qd, $an, $ns, $ar);
    my $fault = int rand 17;
    my $end = '';

    # few of them, since they get no answer, and so are waited for

    $flags |= 0x8000 if $fault == 0 && rand() < 0.05;

    $flags |= pick(0x0800, 0x2800, 0x7800) if $fault == 1;
    $flags |= pick(0x0400, 0x0200, 0x0080, 0x0040, 0x000f) if $fault == 2;
    $count[int rand 4] = int rand 3 if $fault == 3;
    $class = pick(2, 3, 255, 254, 0) if $fault == 4;
    $end = 'x' x (1 + rand 20) if $fault == 5;
    $edns .= $edns, $count[3] *= 2 if $fault == 6;
    $wire = "\xc0\x0c" if $fault == 7;
    $wire = pack('C/a*', 'a' x 63) x 4 . "\0" if $fault == 8;
    $wire = ("\1a" x 127) . "\0" if $fault == 9;
    $wire = "\0" if $fault == 10;
    $type = int rand 300 if $fault == 11;
    $edns = "\1a$edns" if $fault == 12;
    $edns .= pack('C n n N n/a*', 0, 16, 1, 0, 'text'), $count[3]++
        if $fault == 13;

    my $message = message($flags, @count, $wire, $type, $class, $edns) . $end;

    # cut; a header or less is rare for the same reason

    $message = substr $message, 0, rand() < 0.05 ? rand 12
                   : 12 + int rand(length($message) - 12) if $fault == 14;

    # but for the bit of a response

    if ($fault > 14) {
        for (1 .. 1 + rand 3) {
            my $bit = int rand 8 * length $message;

            vec($message, $bit, 1) ^= 1 if $bit != 23;
        }
    }

    return $message;
}


sub message {
    my ($flags, @more) = @_;

    my ($wire, $type, $class, $edns) = splice @more, 4;

    return pack('n n n4', 0, $flags, @more) . $wire . pack('nn', $type, $class)
           . $edns;
}


sub pick { $_[rand @_] }


1;
